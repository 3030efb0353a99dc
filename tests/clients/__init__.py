"""Clients generated from the OpenAPI document, as ``docs/clients.md`` says; ``make clients`` installs what those in TypeScript need."""
