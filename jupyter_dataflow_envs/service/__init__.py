"""What people can do: one method for each thing, one transaction for each change. It blocks: call it in threads."""
