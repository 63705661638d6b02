"""What a marketer sees: pages over the published file. No business number is computed here."""
