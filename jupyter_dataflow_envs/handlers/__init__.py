"""REST and WebSocket: parse, authorise, call one method of the service, serialise."""
