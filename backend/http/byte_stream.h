// A connection's bytes, plain or TLS, behind one type: connection.cpp and websocket.cpp are compiled once, not once per
// transport (06 6.3). One read and one write may be under way at a time; calls come from the loop, never from inside.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "backend/http/asio.h"
#include "backend/http/tls_context.h"

namespace podramp::http {

class ByteStream {
 public:
  using Done = std::function<void(const error_code& error, std::size_t bytes)>;

  virtual ~ByteStream() = default;
  virtual void handshake(Done done) = 0;
  virtual void read_some(asio::mutable_buffer into, Done done) = 0;
  virtual void write_some(asio::const_buffer from, Done done) = 0;
  // The client reads an end of file; what it still sends is discarded, so that no reset hides what was written. Done
  // when it closes. A read that is under way may go on.
  virtual void finish(Done done) = 0;
  virtual void close() = 0;  // at once; what is under way ends with an error
  virtual std::string certificate() const = 0;
  virtual asio::any_io_executor executor() = 0;
};

// The end of finish(): shuts the socket's sending side and reads it until its end, into `scratch`.
void drain(asio::ip::tcp::socket& socket, asio::mutable_buffer scratch, ByteStream::Done done);

std::unique_ptr<ByteStream> make_plain_stream(asio::ip::tcp::socket socket);
// tls must outlive the stream.
std::unique_ptr<ByteStream> make_tls_stream(asio::ip::tcp::socket socket, TlsContext& tls);

}  // namespace podramp::http
