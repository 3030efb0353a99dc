"""Pages of one file: plots and styles inside, nothing to fetch."""

import jinja2

_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.PackageLoader("training"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, **values: object) -> str:
    """A template of ``training/templates`` with its values; strings are escaped, what is markup goes through the filter ``safe``.

    Raises jinja2.UndefinedError where a value is missing.
    """
    return _ENVIRONMENT.get_template(template).render(**values)
