"""The models that turn text into vectors: a file each, by their line in llm.vendors."""
