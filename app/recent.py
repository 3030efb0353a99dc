"""A mapping that forgets what was not asked for lately."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")


class Recent(Generic[Key, Item]):
    """At most ``most`` items: a new one takes the place of the one that was put or asked for longest ago. For one thread."""

    def __init__(self, most: int) -> None:
        """``most`` 0 keeps nothing."""
        self._most = most
        self._items: OrderedDict[Key, Item] = OrderedDict()

    def __len__(self) -> int:
        return len(self._items)

    def get(self, key: Key) -> Item | None:
        """The item, which is the newest from now on; None where there is none."""
        item = self._items.get(key)
        if item is not None:
            self._items.move_to_end(key)
        return item

    def put(self, key: Key, item: Item) -> None:
        """Keep the item as the newest."""
        self._items[key] = item
        self._items.move_to_end(key)
        if len(self._items) > self._most:
            self._items.popitem(last=False)
