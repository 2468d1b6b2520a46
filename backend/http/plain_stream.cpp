// ByteStream over a plain TCP socket.
#include <array>

#include "backend/http/byte_stream.h"

namespace podramp::http {
namespace {

class PlainStream final : public ByteStream {
 public:
  explicit PlainStream(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}

  void handshake(Done done) override {
    asio::post(socket_.get_executor(), [done = std::move(done)] { done({}, 0); });
  }
  void read_some(asio::mutable_buffer into, Done done) override { socket_.async_read_some(into, std::move(done)); }
  void write_some(asio::const_buffer from, Done done) override { socket_.async_write_some(from, std::move(done)); }
  void finish(Done done) override { drain(socket_, asio::buffer(scratch_), std::move(done)); }
  void close() override {
    error_code ignored;
    socket_.close(ignored);
  }
  std::string certificate() const override { return ""; }
  asio::any_io_executor executor() override { return socket_.get_executor(); }

 private:
  asio::ip::tcp::socket socket_;
  std::array<char, 4096> scratch_{};
};

void read_on(asio::ip::tcp::socket& socket, asio::mutable_buffer scratch, ByteStream::Done done) {
  socket.async_read_some(scratch, [&socket, scratch, done = std::move(done)](const error_code& error, std::size_t) {
    if (error) return done(error, 0);
    read_on(socket, scratch, done);
  });
}

}  // namespace

void drain(asio::ip::tcp::socket& socket, asio::mutable_buffer scratch, ByteStream::Done done) {
  error_code ignored;
  socket.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  read_on(socket, scratch, std::move(done));
}

std::unique_ptr<ByteStream> make_plain_stream(asio::ip::tcp::socket socket) {
  return std::make_unique<PlainStream>(std::move(socket));
}

}  // namespace podramp::http
