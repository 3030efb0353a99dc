"""Who may use the service, from where and how often: rules without a web framework, asked by ``app.api.gate``."""
