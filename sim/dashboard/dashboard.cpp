#include "sim/dashboard/dashboard.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "sim/dashboard/live_page.h"
#include "sim/dashboard/live_sections.h"

namespace podramp::sim {
namespace {

constexpr std::string_view kRoot = "/dashboard";

// Tells ids of this process from those of one that served here before it.
std::string run_name() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return fmt::format("{:x}x{:x}", std::chrono::duration_cast<std::chrono::milliseconds>(now).count(), ::getpid());
}

http::Headers headers_of(std::string_view type) {
  return {
      {"Content-Type", std::string(type)},
      {"Cache-Control", "no-store"},
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src data:; "
       "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Resource-Policy", "same-origin"}};
}

http::Response plain(int status, const std::string& text) {
  return {status, headers_of("text/plain; charset=utf-8"), text + "\n"};
}

// An address or localhost: a name that somebody made lead here would let pages of his read what this one shows.
bool is_own_host(std::string_view host) {
  if (host.starts_with('[')) return true;
  host = host.substr(0, host.find(':'));
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  return !host.empty() && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

// What is wrong with who asks, absent when nothing is.
std::optional<http::Response> refusal(const http::Request& request, const std::optional<fakeapi::rest::Caller>& caller,
                                      bool open_to_all) {
  if (request.method != "GET" && request.method != "HEAD") {
    http::Response response = plain(405, "only GET and HEAD are served here");
    response.headers.emplace_back("Allow", "GET, HEAD");
    return response;
  }
  if (open_to_all && !is_own_host(http::find_header(request.headers, "host").value_or(""))) {
    return plain(421, "without --token-file the dashboard is served under an address or localhost only");
  }
  if (request.target != "/dashboard/stream") return std::nullopt;
  if (http::find_header(request.headers, "sec-fetch-site").value_or("same-origin") != "same-origin") {
    return plain(403, "the stream is for the dashboard's own page");
  }
  if (!caller) {
    http::Response response = plain(401, "a token is needed: Authorization: Bearer TOKEN");
    response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return response;
  }
  if (!caller->namespaces.empty() || !caller->may("watch", "")) {
    return plain(403, "the dashboard shows all namespaces: it needs a token that may watch them all");
  }
  return std::nullopt;
}

}  // namespace

Dashboard::Dashboard(std::unique_ptr<LiveRecord> record, DashboardLimits limits)
    : record_(std::move(record)), limits_(limits), feed_(run_name()) {}

Result<std::unique_ptr<Dashboard>> Dashboard::of(const Scenario& scenario, DashboardLimits limits) {
  auto record = LiveRecord::of(scenario);
  if (!record) return tl::unexpected(record.error());
  return std::unique_ptr<Dashboard>(new Dashboard(std::move(*record), limits));
}

bool Dashboard::serves(std::string_view target) const {
  return target == kRoot || (target.starts_with(kRoot) && (target[kRoot.size()] == '/' || target[kRoot.size()] == '?'));
}

http::Response Dashboard::file(const http::Request& request) const {
  const std::string_view path = std::string_view(request.target).substr(0, request.target.find('?'));
  if (path == "/dashboard" || path == "/dashboard/") {
    return {200, headers_of("text/html; charset=utf-8"), live_page_html()};
  }
  if (path == "/dashboard/page.css") return {200, headers_of("text/css; charset=utf-8"), live_page_style()};
  if (path == "/dashboard/live.js") {
    return {200, headers_of("text/javascript; charset=utf-8"), std::string(live_script())};
  }
  return plain(404, "there is no such page; the dashboard is /dashboard");
}

int Dashboard::answer(const http::Request& request, const http::Responder& responder,
                      const std::optional<fakeapi::rest::Caller>& caller, bool open_to_all) {
  auto response = refusal(request, caller, open_to_all);
  const bool streams = request.target == "/dashboard/stream";
  if (!response && streams && readers_.size() >= limits_.readers) {
    response = plain(503, fmt::format("{} dashboards are open, and more are not served", limits_.readers));
    response->headers.emplace_back("Retry-After", "10");
  }
  if (!response && !streams) response = file(request);
  if (response) {
    const int status = response->status;
    responder.send(std::move(*response));
    return status;
  }
  Reader reader{responder.begin_stream(200, headers_of("text/event-stream")), 0, Clock::now()};
  reader.has = feed_.has(http::find_header(request.headers, "last-event-id").value_or(""));
  reader.stream.write("retry: 1000\n\n");
  if (request.method == "HEAD") {
    reader.stream.end();
  } else {
    readers_.push_back(std::move(reader));
  }
  return 200;
}

void Dashboard::draw(TimeUs now, bool over) {
  const auto began = Clock::now();
  const std::uint64_t events = record_->events();
  const bool timeline = over || (began >= next_timeline_ && events != timeline_events_);
  std::vector<Section> sections;
  if (timeline || events != drawn_events_) {
    const RunRecord run = record_->at(now, over);
    counts_ = counts_text(run);
    sections = live_sections(run, timeline);
    drawn_events_ = events;
  }
  if (timeline) {
    next_timeline_ = began + limits_.timeline;
    timeline_events_ = events;
  }
  sections.push_back(clock_section(counts_, now, over));
  feed_.update(std::move(sections));
  const auto ended = Clock::now();
  const auto rest = (ended - began) * (100 - limits_.share_percent) / limits_.share_percent;
  next_draw_ = ended + std::max<Clock::duration>(limits_.interval, rest);
}

void Dashboard::attend(TimeUs now) {
  if (readers_.empty()) return;
  const auto wall = Clock::now();
  std::erase_if(readers_, [&](const Reader& reader) {  // a stream that is dropped before its end is cut
    const bool lags = reader.stream.waiting() > 0 && wall - reader.wrote_at > limits_.patience;
    return lags || !reader.stream.is_open();
  });
  if (readers_.empty()) return;
  if (wall >= next_draw_) draw(now, false);
  for (Reader& reader : readers_) {
    if (reader.stream.waiting() > 0) continue;
    if (reader.has < feed_.newest()) {
      reader.stream.write(feed_.message(reader.has, false));
      reader.has = feed_.newest();
    } else if (wall - reader.wrote_at > limits_.heartbeat) {
      reader.stream.write(": heartbeat\n\n");
    } else {
      continue;
    }
    reader.wrote_at = wall;
  }
}

bool Dashboard::end(TimeUs now) {
  if (readers_.empty()) return false;
  draw(now, true);
  for (Reader& reader : readers_) {
    reader.stream.write(feed_.message(reader.has, true));
    reader.stream.end();
  }
  readers_.clear();
  return true;
}

}  // namespace podramp::sim
