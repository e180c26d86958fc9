"""What people can do: one method for each thing, one transaction for each change. All of it blocks; call it in threads."""
