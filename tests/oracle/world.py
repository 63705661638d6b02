"""Everything the oracle says of one shop, found once."""

from dataclasses import dataclass
from functools import cached_property

from tests.oracle.arms import Assignment
from tests.oracle.credit import Credit, credited_orders
from tests.oracle.episodes import Episode, Held, episodes
from tests.oracle.known import Known
from tests.oracle.messages import Message, messages
from tests.oracle.outcomes import Outcome, outcomes
from tests.oracle.persons import People, people
from tests.oracle.sales import Order, orders, sales_of_persons
from tests.oracle.sessions import Session, sessions


@dataclass
class World:
    """One shop as the marts must show it."""

    shop: Known

    @cached_property
    def people(self) -> People:
        """Everybody."""
        return people(self.shop)

    @cached_property
    def orders(self) -> list[Order]:
        """All orders but those of test accounts."""
        return orders(self.shop, self.people)

    @cached_property
    def sales(self) -> dict[str, list[Order]]:
        """Each person's sales in their order."""
        return sales_of_persons(self.orders)

    @cached_property
    def carts(self) -> list[Episode]:
        """All cart episodes."""
        return episodes(self.shop, self.people, self.orders)

    def items_of(self, episode_id: str) -> list[Held]:
        """What was ever in a cart."""
        carts = (cart for cart in self.carts if cart.episode_id == episode_id)
        return [held for cart in carts for held in cart.items.values()]

    @cached_property
    def sessions(self) -> list[Session]:
        """All visits."""
        return sessions(self.shop, self.people)

    @cached_property
    def _mail(self) -> tuple[list[Message], list[Credit]]:
        made = messages(self.shop, self.people)
        return made, credited_orders(self.shop, self.orders, made, self.carts, self.sessions)

    @property
    def messages(self) -> list[Message]:
        """All messages, with every touch."""
        return self._mail[0]

    @property
    def credits(self) -> list[Credit]:
        """All credited orders."""
        return self._mail[1]

    @cached_property
    def _ends(self) -> tuple[list[Outcome], list[Assignment]]:
        return outcomes(
            self.shop, self.people, self.orders, self.carts, self.messages, self.credits
        )

    @property
    def outcomes(self) -> list[Outcome]:
        """What became of every abandoned episode."""
        return self._ends[0]

    @property
    def assignments(self) -> list[Assignment]:
        """Who is in which arm."""
        return self._ends[1]
