#include "backend/live/http_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "backend/port/status.h"

namespace podramp::live {
namespace {

constexpr long kConnectTimeoutMs = 10'000;  // as fabric8's connection timeout (K85)
constexpr long kConnectionsMax = 32;        // kept open

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// curl copies no blob with these flags unless told to; the identity lives as long as its transfer.
curl_blob blob(const std::string& text) {
  return {const_cast<char*>(text.data()), text.size(), CURL_BLOB_COPY};  // NOLINT: curl does not write to it
}

// A proxy's password must not come out in an error: "http://user:password@host" -> what stands before the @.
std::string user_part(const std::string& url) {
  const std::size_t begin = url.find("://") == std::string::npos ? 0 : url.find("://") + 3;
  const std::size_t at = url.find('@', begin);
  return at == std::string::npos ? "" : url.substr(begin, at - begin);
}

HttpFailure failure_of(CURLcode code) {
  switch (code) {
    case CURLE_OK: return HttpFailure::none;
    case CURLE_OPERATION_TIMEDOUT: return HttpFailure::timed_out;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_WRITE_ERROR:
    case CURLE_HTTP2:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WEIRD_SERVER_REPLY: return HttpFailure::reset;
    default: return HttpFailure::refused;
  }
}

}  // namespace

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// One exchange. curl's callbacks only store what comes; turn() hands it on when curl has returned.
struct Transfer {
  HttpId id = 0;
  HttpRequest request;
  HttpCalls calls;
  std::unique_ptr<CURL, EasyDeleter> easy;
  std::unique_ptr<curl_slist, ListDeleter> headers;
  std::unique_ptr<curl_slist, ListDeleter> connect_to;
  char error[CURL_ERROR_SIZE] = {};
  HttpReply reply;
  std::string arrived;  // of a stream, not yet handed on
  bool head_done = false;
  bool told = false;  // of a stream: opened was called

  bool streams() const { return static_cast<bool>(calls.received); }
};

namespace {

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::string_view line = trimmed({data, size * count});
  if (line.starts_with("HTTP/")) {  // another answer follows a 100 Continue
    transfer.reply.headers.clear();
  } else if (line.empty()) {
    long status = 0;
    curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &status);
    transfer.reply.status = static_cast<int>(status);
    transfer.head_done = status >= 200;
  } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
    transfer.reply.headers.emplace_back(lower(std::string(line.substr(0, colon))),
                                        std::string(trimmed(line.substr(colon + 1))));
  }
  return size * count;
}

std::size_t on_bytes(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  std::string& into = transfer.streams() ? transfer.arrived : transfer.reply.body;
  if (into.size() + size * count > kBodyBytesMax) return 0;
  into.append(data, size * count);
  return size * count;
}

void set_tls(CURL* easy, const TlsIdentity& tls) {
  if (tls.insecure) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  } else if (!tls.ca.empty()) {
    curl_blob ca = blob(tls.ca);
    curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &ca);
  }
  if (!tls.certificate.empty()) {
    curl_blob certificate = blob(tls.certificate);
    curl_blob key = blob(tls.key);
    curl_easy_setopt(easy, CURLOPT_SSLCERT_BLOB, &certificate);
    curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &key);
  }
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
}

// "https://10.0.0.1:6443/api" with the name "kubernetes" -> connect to 10.0.0.1, but speak to and check "kubernetes".
struct Named {
  std::string url;
  std::string connect_to;  // curl's "HOST:PORT:ADDRESS:PORT"; "" when the URL stays
};
Named with_name(const std::string& url, const std::string& name) {
  if (name.empty()) return {url, ""};
  const std::size_t begin = url.find("://") + 3;
  const std::size_t end = std::min(url.find_first_of("/?", begin), url.size());
  const std::string host = url.substr(begin, end - begin);
  const std::size_t colon = host.find_last_of(":]");
  const std::string port = colon == std::string::npos || host[colon] == ']' ? "443" : host.substr(colon + 1);
  const std::string address = host.substr(0, host.size() - (host.ends_with(":" + port) ? port.size() + 1 : 0));
  return {fmt::format("{}{}:{}{}", url.substr(0, begin), name, port, url.substr(end)),
          fmt::format("{}:{}:{}:{}", name, port, address, port)};
}

}  // namespace

class HttpClient::Core {
 public:
  Core() : multi_(curl_multi_init()) {
    PODRAMP_CHECK(multi_ != nullptr, "libcurl cannot start");
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kConnectionsMax);
  }
  ~Core() {
    for (auto& [id, transfer] : transfers_) curl_multi_remove_handle(multi_, transfer->easy.get());
    transfers_.clear();
    curl_multi_cleanup(multi_);
  }
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  HttpId send(HttpRequest request, HttpCalls calls) {
    auto made = std::make_unique<Transfer>();
    Transfer& transfer = *made;
    transfer.id = ++last_id_;
    transfer.request = std::move(request);
    transfer.calls = std::move(calls);
    transfer.easy.reset(curl_easy_init());
    PODRAMP_CHECK(transfer.easy != nullptr, "libcurl has no memory for a request");
    set_up(transfer);
    transfers_.emplace(transfer.id, std::move(made));
    curl_multi_add_handle(multi_, transfer.easy.get());
    return transfer.id;
  }

  void cancel(HttpId id) {
    const auto it = transfers_.find(id);
    if (it == transfers_.end()) return;
    curl_multi_remove_handle(multi_, it->second->easy.get());
    transfers_.erase(it);
  }

  void turn(DurationUs wait_us) {
    int running = 0;
    curl_multi_perform(multi_, &running);
    if (!hand_on()) {
      const auto wait_ms = static_cast<int>(std::clamp<DurationUs>((wait_us + 999) / 1000, 0, 60'000));
      curl_multi_poll(multi_, nullptr, 0, wait_ms, nullptr);
      curl_multi_perform(multi_, &running);
      hand_on();
    }
  }

  std::size_t open() const { return transfers_.size(); }

 private:
  void set_up(Transfer& transfer) {
    CURL* easy = transfer.easy.get();
    const HttpRequest& request = transfer.request;
    const TlsIdentity tls = request.tls ? *request.tls : TlsIdentity{};
    const Named target = with_name(request.url, tls.server_name);
    curl_easy_setopt(easy, CURLOPT_URL, target.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 30L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 15L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
    if (request.timeout_us > 0 && !transfer.streams()) {
      curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<DurationUs>(request.timeout_us / 1000, 1)));
    }
    if (!request.proxy.empty()) curl_easy_setopt(easy, CURLOPT_PROXY, request.proxy.c_str());
    if (!request.body.empty()) {
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
    }
    set_tls(easy, tls);
    curl_slist* list = nullptr;
    for (const auto& [name, value] : request.headers) {
      list = curl_slist_append(list, fmt::format("{}: {}", name, value).c_str());
    }
    list = curl_slist_append(list, "Expect:");  // no 100 Continue: bodies are small
    transfer.headers.reset(list);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
    if (!target.connect_to.empty()) {
      transfer.connect_to.reset(curl_slist_append(nullptr, target.connect_to.c_str()));
      curl_easy_setopt(easy, CURLOPT_CONNECT_TO, transfer.connect_to.get());
    }
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.error);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &on_bytes);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  }

  // What streams have received, in the order of their ids, then what has ended. True when there was anything.
  bool hand_on() {
    std::vector<HttpId> talking;
    for (const auto& [id, transfer] : transfers_) {
      const bool opens = transfer->head_done && !transfer->told;
      if (transfer->streams() && (opens || !transfer->arrived.empty())) talking.push_back(id);
    }
    for (const HttpId id : talking) tell_stream(id);
    bool any = !talking.empty();
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      Transfer* transfer = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
      ended(transfer->id, message->data.result);
      any = true;
    }
    return any;
  }

  void tell_stream(HttpId id) {
    const auto it = transfers_.find(id);
    if (it == transfers_.end()) return;
    Transfer& transfer = *it->second;
    if (!std::exchange(transfer.told, true)) {
      // The calls may cancel the transfer: they are kept alive here.
      const auto opened = transfer.calls.opened;
      opened(transfer.reply.status, transfer.reply.headers);
      if (!transfers_.contains(id)) return;
    }
    const std::string bytes = std::exchange(transfer.arrived, "");
    const auto received = transfer.calls.received;
    if (!bytes.empty()) received(bytes);
  }

  void ended(HttpId id, CURLcode code) {
    const auto it = transfers_.find(id);
    if (it == transfers_.end()) return;
    const std::unique_ptr<Transfer> transfer = std::move(it->second);
    transfers_.erase(it);
    long sent_bytes = 0;
    curl_easy_getinfo(transfer->easy.get(), CURLINFO_REQUEST_SIZE, &sent_bytes);
    curl_multi_remove_handle(multi_, transfer->easy.get());
    HttpReply reply = std::move(transfer->reply);
    reply.failure = failure_of(code);
    reply.sent = sent_bytes > 0;
    if (reply.sent && reply.failure == HttpFailure::refused) reply.failure = HttpFailure::reset;
    if (code != CURLE_OK) {
      reply.error = transfer->error[0] != '\0' ? transfer->error : curl_easy_strerror(code);
      const std::string secret = user_part(transfer->request.proxy);
      for (std::size_t at = 0; !secret.empty() && (at = reply.error.find(secret)) != std::string::npos;) {
        reply.error.replace(at, secret.size(), "***");
      }
    }
    transfer->calls.done(std::move(reply));
  }

  CURLM* multi_;
  HttpId last_id_ = 0;
  std::map<HttpId, std::unique_ptr<Transfer>> transfers_;
};

HttpClient::HttpClient() {
  static const CURLcode kReady = curl_global_init(CURL_GLOBAL_DEFAULT);
  PODRAMP_CHECK(kReady == CURLE_OK, "libcurl cannot start");
  core_ = std::make_unique<Core>();
}
HttpClient::~HttpClient() = default;
HttpId HttpClient::send(HttpRequest request, HttpCalls calls) {
  return core_->send(std::move(request), std::move(calls));
}
void HttpClient::cancel(HttpId id) { core_->cancel(id); }
void HttpClient::turn(DurationUs wait_us) { core_->turn(wait_us); }
std::size_t HttpClient::open() const { return core_->open(); }

}  // namespace podramp::live
