#include "backend/http/connection.h"

#include "backend/http/exchange.h"
#include "backend/http/websocket.h"
#include "backend/http/wire.h"

namespace podramp::http {

Response Shared::refusal(int status, std::string_view why) const {
  if (error_page != nullptr) return error_page(status, why);
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::string(why) + "\n"};
}

Connection::Connection(Shared& shared, std::unique_ptr<ByteStream> stream, std::string peer,
                       std::function<void()> on_closed)
    : shared_(shared),
      stream_(std::move(stream)),
      peer_(std::move(peer)),
      on_closed_(std::move(on_closed)),
      reader_(shared.limits),
      read_timer_(shared.loop),
      write_timer_(shared.loop) {}

Connection::~Connection() = default;

void Connection::start(bool is_refused) {
  arm(read_timer_, shared_.limits.header_time);
  stream_->handshake([self = shared_from_this(), is_refused](const error_code& error, std::size_t) {
    if (error || self->phase_ != Phase::handshake) return self->close();
    self->phase_ = Phase::reading;
    if (is_refused) return self->refuse(503, "there are too many connections: try again later");
    self->read();
  });
}

// --- reading -------------------------------------------------------------------------------------------------------

void Connection::read() {
  const bool may_read = phase_ == Phase::reading || phase_ == Phase::answering;
  if (half_closed_ && phase_ == Phase::reading) return finish();  // all that it asked is answered
  if (reading_ || half_closed_ || !may_read) return;
  // While answering, only to notice that the client goes, and what it sends ahead; not what belongs to a WebSocket.
  if (phase_ == Phase::answering && (asks_for_websocket_ || in_.size() >= shared_.limits.pipeline_bytes)) return;
  reading_ = true;
  stream_->read_some(asio::buffer(piece_), [self = shared_from_this()](const error_code& error, std::size_t bytes) {
    self->reading_ = false;
    self->on_read(error, bytes);
  });
}

void Connection::on_read(const error_code& error, std::size_t bytes) {
  if (phase_ == Phase::finishing || phase_ == Phase::closed) return;
  if (error) return on_input_end(error);
  in_.append(piece_.data(), bytes);
  if (phase_ == Phase::reading) return advance();
  read();
}

// A client that has only ended its own sending may still wait for the answer to what it asked; of a stream it would
// not be known otherwise that nobody reads it any more.
void Connection::on_input_end(const error_code& error) {
  const auto exchange = exchange_.lock();
  const bool waits =
      phase_ == Phase::answering && error == asio::error::eof && (exchange == nullptr || !exchange->is_streaming());
  if (!waits) return close();
  half_closed_ = true;
}

void Connection::advance() {
  if (is_idle_ && !in_.empty()) {
    is_idle_ = false;
    arm(read_timer_, shared_.limits.header_time);
  }
  in_.erase(0, reader_.feed(in_));
  switch (reader_.state()) {
    case RequestReader::State::head: break;
    case RequestReader::State::body:
      if (!body_timed_) arm(read_timer_, shared_.limits.body_time);
      body_timed_ = true;
      if (reader_.expects_continue() && !told_to_continue_) send("HTTP/1.1 100 Continue\r\n\r\n");
      told_to_continue_ = true;
      break;
    case RequestReader::State::done: return dispatch();
    case RequestReader::State::refused: return refuse(reader_.refusal().status, reader_.refusal().why);
  }
  read();
}

void Connection::dispatch() {
  read_timer_.cancel();
  phase_ = Phase::answering;
  answer_is_whole_ = told_to_continue_ = body_timed_ = false;
  keep_alive_ = reader_.keeps_alive();
  const bool http10 = reader_.is_http10();
  Request request = reader_.take();
  request.peer = peer_;
  request.certificate = stream_->certificate();
  asks_for_websocket_ = wants_websocket(request);
  if (asks_for_websocket_) {
    upgrade_request_ = Request{request.method, request.target, request.headers, "", "", ""};
  }
  const auto exchange = std::make_shared<Exchange>(weak_from_this(), request.method == "HEAD", http10);
  exchange_ = exchange;
  shared_.handler(std::move(request), Responder(exchange));
  read();
}

void Connection::refuse(int status, std::string_view why) {
  const Response page = shared_.refusal(status, why);
  phase_ = Phase::answering;
  keep_alive_ = false;
  answer_is_whole_ = true;
  read_timer_.cancel();
  HeadOptions options{false, false, false, page.body.size()};
  send(response_head(page.status, page.headers, options) + page.body);
}

// --- answering -----------------------------------------------------------------------------------------------------

void Connection::respond(Exchange& exchange, Response response) {
  if (phase_ != Phase::answering) return;
  HeadOptions options{keep_alive_, exchange.http10, false, std::nullopt};
  if (!has_no_body(response.status)) options.content_length = response.body.size();
  std::string text = response_head(response.status, response.headers, options);
  if (!exchange.head_only && options.content_length) text += response.body;
  answer_is_whole_ = true;
  asks_for_websocket_ = false;
  send(std::move(text));
  read();
}

void Connection::begin_stream(Exchange& exchange, int status, const Headers& headers) {
  if (phase_ != Phase::answering) return;
  if (exchange.http10) keep_alive_ = false;
  asks_for_websocket_ = false;
  send(response_head(status, headers, {keep_alive_, exchange.http10, !exchange.http10, std::nullopt}));
  read();
}

void Connection::write_stream(Exchange& exchange, std::string_view bytes) {
  if (phase_ != Phase::answering || exchange.head_only || bytes.empty()) return;
  if (waiting() + bytes.size() > shared_.limits.stream_buffer_bytes) {
    asio::post(shared_.loop, [self = shared_from_this()] { self->close(); });
    return;
  }
  send(exchange.http10 ? std::string(bytes) : chunk_text(bytes));
}

void Connection::end_stream(Exchange& exchange) {
  if (phase_ != Phase::answering) return;
  answer_is_whole_ = true;
  send(exchange.http10 || exchange.head_only ? "" : std::string(kLastChunk));
}

std::shared_ptr<WebSocketSession> Connection::upgrade(Exchange& exchange, const std::string& protocol) {
  if (phase_ != Phase::answering || !asks_for_websocket_ || reading_) {
    respond(exchange, shared_.refusal(400, "this is no request for a WebSocket"));
    return nullptr;
  }
  phase_ = Phase::closed;
  write_timer_.cancel();
  auto session = WebSocketSession::accept(shared_, std::move(stream_), std::move(in_), upgrade_request_, protocol,
                                          std::exchange(on_closed_, nullptr));
  std::erase_if(shared_.websockets, [](const auto& weak) { return weak.expired(); });
  shared_.websockets.push_back(session);
  return session;
}

void Connection::send(std::string bytes) {
  out_ += bytes;
  if (writing_.empty()) write_on();
}

void Connection::write_on() {
  if (phase_ == Phase::closed) return;
  if (written_ == writing_.size()) {
    writing_ = std::exchange(out_, "");
    written_ = 0;
  }
  if (writing_.empty()) {
    write_timer_.cancel();
    // From the loop: this may be inside the handler's call.
    if (answer_is_whole_) asio::post(shared_.loop, [self = shared_from_this()] { self->answered(); });
    return;
  }
  arm(write_timer_, shared_.limits.write_time);
  const auto piece = asio::buffer(writing_) + written_;
  stream_->write_some(piece, [self = shared_from_this()](const error_code& error, std::size_t bytes) {
    self->on_written(error, bytes);
  });
}

void Connection::on_written(const error_code& error, std::size_t bytes) {
  if (error) return close();
  written_ += bytes;
  if (written_ == writing_.size()) writing_.clear(), written_ = 0;
  write_on();
}

void Connection::answered() {
  if (phase_ != Phase::answering || !answer_is_whole_ || !writing_.empty()) return;
  if (!keep_alive_) return finish();
  phase_ = Phase::reading;
  answer_is_whole_ = false;
  exchange_.reset();
  is_idle_ = true;
  arm(read_timer_, shared_.limits.idle_time);
  advance();
}

// --- the end -------------------------------------------------------------------------------------------------------

void Connection::finish() {
  phase_ = Phase::finishing;
  arm(read_timer_, shared_.limits.linger_time);
  stream_->finish([self = shared_from_this()](const error_code&, std::size_t) { self->close(); });
}

void Connection::arm(asio::steady_timer& timer, Milliseconds time) {
  timer.expires_after(time);
  const bool writing = &timer == &write_timer_;
  timer.async_wait([weak = weak_from_this(), writing](const error_code& error) {
    const auto self = weak.lock();
    if (!error && self != nullptr) self->on_time_out(writing);
  });
}

void Connection::on_time_out(bool writing) {
  const asio::steady_timer& timer = writing ? write_timer_ : read_timer_;
  if (timer.expiry() > asio::steady_timer::clock_type::now()) return;  // it was armed anew meanwhile
  const bool mid_request = !writing && phase_ == Phase::reading && !is_idle_;
  if (!mid_request) return close();
  refuse(408, "the request did not arrive in time");
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  read_timer_.cancel();
  write_timer_.cancel();
  stream_->close();
  if (const auto exchange = exchange_.lock()) exchange->gone(*this);
  if (on_closed_ != nullptr) asio::post(shared_.loop, std::exchange(on_closed_, nullptr));
}

}  // namespace podramp::http
