// Records what Node's HTTP server makes of what it is sent. `lax`: with its forgiving parser.
const fs = require('fs');
const http = require('http');

const lax = process.argv.includes('lax');
const record = seen => fs.appendFileSync('seen', JSON.stringify(seen) + '\n');
const options = {
  insecureHTTPParser: lax,
  requireHostHeader: !lax,
  maxHeaderSize: 1 << 20,
  keepAliveTimeout: 0,
};

const server = http.createServer(options, (request, answer) => {
  const id = request.headers['x-request-id'] || '';
  const pieces = [];
  let done = false;
  const end = whole => {
    if (done) return;
    done = true;
    const body = Buffer.concat(pieces).toString('hex');
    record({ id, method: request.method, target: request.url, body, whole });
  };
  request.on('data', piece => pieces.push(piece));
  request.on('close', () => end(false));
  request.on('error', () => end(false));
  request.on('end', () => {
    end(request.complete);
    answer.setHeader('X-Seen', id);
    answer.end(id);
  });
});
// What broke off is no message that was misread.
const broken = ['ECONNRESET', 'HPE_INVALID_EOF_STATE'];
server.on('clientError', (error, socket) => {
  if (!broken.includes(error.code)) {
    const line = (error.rawPacket || '').toString('latin1').split('\r\n')[0];
    const target = error.code + ' ' + line;
    record({ id: '', method: '', target, body: '', whole: false });
  }
  socket.destroy();
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
