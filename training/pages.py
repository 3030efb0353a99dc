"""Pages made of templates: one HTML file that needs nothing beside it."""

import jinja2

_TEMPLATES = jinja2.Environment(loader=jinja2.PackageLoader("training"), autoescape=True, undefined=jinja2.StrictUndefined)


def render(template: str, **values: object) -> str:
    """A template of ``training/templates`` with its values, which are escaped."""
    return _TEMPLATES.get_template(template).render(**values)
