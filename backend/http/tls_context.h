// A server's TLS settings, loaded from files once.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "backend/http/asio.h"
#include "backend/http/http_server.h"

namespace podramp::http {

struct TlsContext {
  asio::ssl::context context{asio::ssl::context::tls_server};
};

// Errors name the file, what is wrong with it, and what to do. A key's contents never reach an error.
Result<std::unique_ptr<TlsContext>> load_tls(const TlsFiles& files);

}  // namespace podramp::http
