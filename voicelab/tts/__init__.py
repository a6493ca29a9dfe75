"""The OpenAI-compatible speech service: deployed voices over HTTP, in a process of its own."""
