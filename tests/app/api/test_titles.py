from app.api.titles import title, titles


def test_every_title_is_english_and_russian() -> None:
    for table in titles().values():
        for name, pair in table.items():
            assert name.isidentifier()
            assert len(pair) == 2
            assert pair[0].isascii()
            assert not pair[1].isascii()


def test_a_label_without_title_has_its_name() -> None:
    assert title("slots", "spaceship") == {"en": "spaceship", "ru": "spaceship"}
