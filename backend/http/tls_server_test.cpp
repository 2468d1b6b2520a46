// HTTPS: versions, client certificates, and clients that break off.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "backend/http/http_server.h"
#include "backend/http/test_certificates.h"
#include "backend/http/test_http_client.h"

namespace podramp::http::tls_server_test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// A TLS client over a RawClient's socket.
class TlsClient {
 public:
  TlsClient(HttpServer& server, const std::string& ca_file, const std::string& identity_file = "", int version = 0)
      : server_(server), raw_(server), context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free) {
    SSL_CTX_load_verify_locations(context_.get(), ca_file.c_str(), nullptr);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    if (version != 0) {
      SSL_CTX_set_security_level(context_.get(), 0);
      SSL_CTX_set_min_proto_version(context_.get(), version);
      SSL_CTX_set_max_proto_version(context_.get(), version);
    }
    if (!identity_file.empty()) {
      SSL_CTX_use_certificate_file(context_.get(), identity_file.c_str(), SSL_FILETYPE_PEM);
      SSL_CTX_use_PrivateKey_file(context_.get(), identity_file.c_str(), SSL_FILETYPE_PEM);
    }
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), raw_.fd());
  }
  bool connect() {
    return until([&] { return SSL_connect(ssl_.get()); }) == 1;
  }
  void send(const std::string& text) {
    until([&] { return SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())); });
  }
  // Until the server's close_notify or the end of the connection.
  std::string read_all() {
    std::string all;
    char piece[16384];
    for (;;) {
      const int n = until([&] { return SSL_read(ssl_.get(), piece, sizeof piece); });
      if (n <= 0) return all;
      all.append(piece, static_cast<std::size_t>(n));
    }
  }
  RawClient& raw() { return raw_; }

 private:
  template <class Call>
  int until(Call call) {
    int result = -1;
    pump(server_, [&] {
      ERR_clear_error();
      result = call();
      const int error = SSL_get_error(ssl_.get(), result);
      return error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE;
    });
    return result;
  }

  HttpServer& server_;
  RawClient raw_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  std::unique_ptr<SSL, Free> ssl_;
};

constexpr const char* kGet = "GET /tls HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

class TlsServer : public testing::Test {
 protected:
  TlsServer() : ca_file(folder.write("ca.pem", ca.certificate())) {
    const TestIdentity identity = ca.issue_server();
    files = {folder.write("server.pem", identity.certificate), folder.write("server.key", identity.key), ""};
  }
  void start(ServerLimits limits = {}) {
    server = serve({"127.0.0.1", 0, files, limits}, [this](const Request& request, const Responder& responder) {
      last = request;
      responder.send(echo(request));
    });
    ASSERT_NE(server, nullptr);
  }

  TestFolder folder;
  TestCa ca;
  std::string ca_file;
  TlsFiles files;
  std::unique_ptr<HttpServer> server;
  Request last;
};

TEST_F(TlsServer, AnswersOverTlsAndEndsProperly) {
  start();
  EXPECT_THAT(server->url(), StartsWith("https://127.0.0.1:"));
  TlsClient client(*server, ca_file);
  ASSERT_TRUE(client.connect());
  client.send(kGet);
  EXPECT_THAT(client.read_all(), EndsWith("GET /tls 0"));
  EXPECT_EQ(last.certificate, "");
}

TEST_F(TlsServer, WhatIsTooLargeIsRefusedAndReadByTheClientAllTheSame) {
  start();
  TlsClient client(*server, ca_file);
  ASSERT_TRUE(client.connect());
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n" + std::string(200'000, 'x'));
  EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 413 "));
}

TEST_F(TlsServer, TheSubjectOfAClientsCertificateIsTold) {
  files.client_ca_file = ca_file;
  start();
  const TestIdentity admin = ca.issue({{"O", "system:masters"}, {"O", "a, b"}, {"CN", "admin"}}, "");
  TlsClient client(*server, ca_file, folder.write("admin.pem", admin.certificate + admin.key));
  ASSERT_TRUE(client.connect());
  client.send(kGet);
  EXPECT_THAT(client.read_all(), EndsWith("GET /tls 0"));
  EXPECT_EQ(last.certificate, "O=system:masters,O=a\\, b,CN=admin");
  TlsClient without(*server, ca_file);
  ASSERT_TRUE(without.connect());
  without.send(kGet);
  EXPECT_THAT(without.read_all(), EndsWith("GET /tls 0"));
  EXPECT_EQ(last.certificate, "");
}

TEST_F(TlsServer, ACertificateOfAnotherCaIsRefused) {
  files.client_ca_file = ca_file;
  start();
  TestCa other;
  const TestIdentity stranger = other.issue({{"CN", "stranger"}}, "");
  TlsClient client(*server, ca_file, folder.write("stranger.pem", stranger.certificate + stranger.key));
  client.connect();
  client.send(kGet);
  EXPECT_EQ(client.read_all(), "");
}

TEST_F(TlsServer, TheFirstTlsVersionsAreRefused) {
  start();
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    TlsClient old(*server, ca_file, "", version);
    EXPECT_FALSE(old.connect());
  }
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient good(*server, ca_file, "", version);
    EXPECT_TRUE(good.connect());
  }
}

TEST_F(TlsServer, PlainTextAndSilenceEndInTheHandshake) {
  ServerLimits limits;
  limits.header_time = Milliseconds(50);
  start(limits);
  RawClient plain(*server);
  plain.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  plain.read_all();
  RawClient silent(*server);
  EXPECT_EQ(silent.read_all(), "");
  EXPECT_TRUE(pump(*server, [&] { return server->connections() == 0; }));
}

TEST_F(TlsServer, AClientThatBreaksOffIsForgotten) {
  start();
  for (int i = 0; i < 20; ++i) {
    TlsClient client(*server, ca_file);
    ASSERT_TRUE(client.connect());
    client.send(i % 2 == 0 ? "GET / HT" : kGet);
    client.raw().close();
  }
  EXPECT_TRUE(pump(*server, [&] { return server->connections() == 0; }));
}

TEST_F(TlsServer, ErrorsNameTheFileAndWhatToDo) {
  const auto error_of = [](const TlsFiles& with) {
    return HttpServer::listen({"127.0.0.1", 0, with, {}}, [](const Request&, const Responder&) {}).error().message;
  };
  EXPECT_EQ(error_of({"/missing.pem", files.key_file, ""}).substr(0, 44),
            "cannot use the TLS certificate /missing.pem:");
  const std::string wrong = error_of({files.certificate_file, files.certificate_file, ""});
  EXPECT_THAT(wrong, StartsWith("cannot use the TLS key " + files.certificate_file + ":"));
  EXPECT_THAT(wrong, HasSubstr("give the PEM file of the certificate's key"));
  const TestIdentity other = ca.issue_server();
  EXPECT_THAT(error_of({files.certificate_file, folder.write("other.key", other.key), ""}),
              StartsWith("cannot use the TLS key "));
  EXPECT_THAT(error_of({files.certificate_file, files.key_file, folder.write("empty.pem", "")}),
              StartsWith("cannot use the CA of client certificates "));
}

}  // namespace
}  // namespace podramp::http::tls_server_test
