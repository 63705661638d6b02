"""What each mailer's importer does with a file, written from its published rules alone.

One module per profile, each with `import_file(data, name) -> Imported`. None of them knows the
renderer: what they hold is what the mailer would hold.
"""
