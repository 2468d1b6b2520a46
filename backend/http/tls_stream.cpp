// ByteStream over TLS, and the loading of its files.
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <array>
#include <boost/asio/ssl/stream.hpp>

#include "backend/http/byte_stream.h"

namespace podramp::http {
namespace {

// "O=system:masters,CN=admin": in the order of the certificate, commas inside a value escaped.
std::string subject_of(SSL* ssl) {
  X509* certificate = SSL_get1_peer_certificate(ssl);
  if (certificate == nullptr) return "";
  std::string text;
  if (BIO* out = BIO_new(BIO_s_mem()); out != nullptr) {
    constexpr unsigned long kFlags = XN_FLAG_SEP_COMMA_PLUS | XN_FLAG_FN_SN |
                                     (ASN1_STRFLGS_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
    X509_NAME_print_ex(out, X509_get_subject_name(certificate), 0, kFlags);
    char* data = nullptr;
    const long size = BIO_get_mem_data(out, &data);
    if (size > 0) text.assign(data, static_cast<std::size_t>(size));
    BIO_free(out);
  }
  X509_free(certificate);
  return text;
}

class TlsStream final : public ByteStream {
 public:
  TlsStream(asio::ip::tcp::socket socket, TlsContext& tls) : stream_(std::move(socket), tls.context) {}

  void handshake(Done done) override {
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [done = std::move(done)](const error_code& error) { done(error, 0); });
  }
  void read_some(asio::mutable_buffer into, Done done) override { stream_.async_read_some(into, std::move(done)); }
  void write_some(asio::const_buffer from, Done done) override { stream_.async_write_some(from, std::move(done)); }
  void finish(Done done) override {
    // Sends close_notify and waits for the client's; one that sends on instead ends that wait with an error.
    stream_.async_shutdown([this, done = std::move(done)](const error_code&) {
      drain(stream_.next_layer(), asio::buffer(scratch_), done);
    });
  }
  void close() override {
    error_code ignored;
    stream_.next_layer().close(ignored);
  }
  std::string certificate() const override {
    return subject_of(const_cast<asio::ssl::stream<asio::ip::tcp::socket>&>(stream_).native_handle());
  }
  asio::any_io_executor executor() override { return stream_.get_executor(); }

 private:
  asio::ssl::stream<asio::ip::tcp::socket> stream_;
  std::array<char, 4096> scratch_{};
};

tl::unexpected<Error> unusable(const char* what, const std::string& file, const error_code& error,
                               const char* what_to_do) {
  ERR_clear_error();
  return tl::unexpected(Error{fmt::format("cannot use the {} {}: {}: {}", what, file, error.message(), what_to_do)});
}

}  // namespace

Result<std::unique_ptr<TlsContext>> load_tls(const TlsFiles& files) {
  auto tls = std::make_unique<TlsContext>();
  asio::ssl::context& context = tls->context;
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  error_code error;
  context.use_certificate_chain_file(files.certificate_file, error);
  if (error) {
    return unusable("TLS certificate", files.certificate_file, error, "give a PEM file, the server's own first");
  }
  context.use_private_key_file(files.key_file, asio::ssl::context::pem, error);
  if (error) {
    return unusable("TLS key", files.key_file, error, "give the PEM file of the certificate's key, without passphrase");
  }
  if (files.client_ca_file.empty()) return tls;
  context.load_verify_file(files.client_ca_file, error);
  if (error) return unusable("CA of client certificates", files.client_ca_file, error, "give a PEM file");
  context.set_verify_mode(asio::ssl::verify_peer, error);
  // Sessions belong to this server: with client certificates OpenSSL wants them named.
  constexpr unsigned char kSessions[] = "podramp";
  SSL_CTX_set_session_id_context(context.native_handle(), kSessions, sizeof kSessions);
  return tls;
}

std::unique_ptr<ByteStream> make_tls_stream(asio::ip::tcp::socket socket, TlsContext& tls) {
  return std::make_unique<TlsStream>(std::move(socket), tls);
}

}  // namespace podramp::http
