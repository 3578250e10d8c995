// A member of a group: answers with its name, and writes down the ids of requests as they arrive.
// Arguments: its name, and `http2` where it speaks that, in clear text.
const fs = require('fs');

const [name, protocol] = process.argv.slice(-1)[0] === 'http2'
  ? process.argv.slice(-2) : [process.argv.slice(-1)[0], 'http'];

const server = require(protocol).createServer((request, answer) => {
  const id = request.headers['x-id'];
  if (id) fs.appendFileSync('arrived', id + '\n');
  request.resume();
  request.on('end', () => {
    answer.setHeader('X-Member', name);
    // With HTTP/2 an answer with a body is two writes, between which the process could be killed.
    answer.end(protocol === 'http2' ? undefined : name);
  });
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log(server.address().port));
