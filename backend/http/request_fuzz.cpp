// A libFuzzer target (scripts/fuzz): any bytes, cut anywhere, are a request or a refusal, and the cuts do not matter.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "backend/http/request_reader.h"

namespace {

using podramp::http::RequestReader;

// What the connection would hand on: one line a request, then the refusal.
std::vector<std::string> read(std::string_view bytes, std::size_t piece) {
  podramp::http::ServerLimits limits;
  limits.header_bytes = 2'000;
  limits.body_bytes = 4'000;
  RequestReader reader(limits);
  std::vector<std::string> all;
  std::string buffer;
  while (!bytes.empty()) {
    buffer += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (bool again = true; again;) {
      buffer.erase(0, reader.feed(buffer));
      again = reader.state() == RequestReader::State::done;
      if (!again) continue;
      const auto request = reader.take();
      all.push_back(request.method + " " + request.target + " " + std::to_string(request.headers.size()) + " " +
                    request.body);
    }
    if (reader.state() == RequestReader::State::refused) {
      all.push_back("refused");
      return all;
    }
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  // A head that has not ended may still be waited for where it is cut, and be refused where it is whole: end it.
  const std::string bytes = std::string(reinterpret_cast<const char*>(data) + 1, size - 1) + "\r\n\r\n\r\n\r\n";
  const auto whole = read(bytes, bytes.size());
  const auto cut = read(bytes, data[0] % 16 + 1U);
  if (whole != cut) std::abort();
  return 0;
}
