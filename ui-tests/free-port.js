// Prints a port of 127.0.0.1 that nobody listens on at this moment.
const probe = require('node:net').createServer();
probe.listen(0, '127.0.0.1', () => {
  console.log(probe.address().port);
  probe.close();
});
