#include "backend/port/json_writer.h"

#include <algorithm>
#include <array>
#include <compare>
#include <set>
#include <utility>

#include "backend/port/random.h"

namespace podramp {
namespace {

std::string full_name(std::string_view ns, std::string_view name) {
  std::string key;
  key.reserve(ns.size() + name.size() + 1);
  key.append(ns).append("/").append(name);
  return key;
}

// The characters that JSON text cannot hold as they are.
constexpr auto kEscaped = [] {
  std::array<bool, 256> escaped{};
  for (std::size_t c = 0; c < 0x20; ++c) escaped[c] = true;
  escaped['"'] = escaped['\\'] = true;
  return escaped;
}();

// How "namespace/name" of a pod compares with a key of that form.
std::strong_ordering compare(std::string_view key, const Pod& pod) {
  const std::size_t shared = std::min(key.size(), pod.ns.size());
  if (const auto by_ns = key.substr(0, shared) <=> std::string_view(pod.ns).substr(0, shared); by_ns != 0) return by_ns;
  if (shared < pod.ns.size()) return std::strong_ordering::less;
  key.remove_prefix(shared);
  if (key.empty()) return std::strong_ordering::less;
  if (key.front() != '/') return key.front() <=> '/';
  return key.substr(1) <=> std::string_view(pod.name);
}

bool is_same(const Pod& known, const Pod& pod) {
  return !pod.uid.empty() && known.uid == pod.uid && known.resource_version == pod.resource_version;
}

}  // namespace

std::string pod_key(const Pod& pod) { return full_name(pod.ns, pod.name); }
std::string object_key(const ApiRequest& request) { return request.ns + "/" + request.name; }

std::string hex(std::uint64_t value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; value >>= 4U) text[i] = kDigits[value & 15U];
  return text;
}

std::uint64_t list_hash(const std::vector<PodPtr>& items) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  const auto add = [&](std::uint64_t part) { hash = (hash ^ part) * 0x100000001b3U; };
  for (const PodPtr& pod : items) {
    add(hash_text(pod->ns));
    add(hash_text(pod->name));
    add(hash_text(pod->uid));
    add(pod->resource_version);
  }
  return hash;
}

TemplatePtr PodMemory::find_template(std::uint64_t hash) const {
  const auto it = templates_.find(hash);
  return it == templates_.end() ? nullptr : it->second;
}

PodPtr PodMemory::find(std::string_view ns, std::string_view name) const {
  const auto it = pods_.find(full_name(ns, name));
  return it == pods_.end() ? nullptr : it->second;
}

bool PodMemory::knows(const Pod& pod) const {
  if (pod.uid.empty()) return false;
  const PodPtr known = find(pod.ns, pod.name);
  return known != nullptr && known->uid == pod.uid && known->resource_version == pod.resource_version;
}

void PodMemory::learn(const PodPtr& pod) {
  if (remember_pods_ && !pod->uid.empty()) pods_[pod_key(*pod)] = pod;
}

void PodMemory::forget(const Pod& pod) { pods_.erase(pod_key(pod)); }

void PodMemory::forget(const std::string& full_name) { pods_.erase(full_name); }

// Both are in order as a rule, so one walk compares them; what comes out of order is looked up.
PodMemory::Difference PodMemory::difference(const std::vector<PodPtr>& items) const {
  Difference difference;
  std::set<std::string, std::less<>> named;  // of items that came out of order
  std::vector<std::string> passed;           // remembered names that no item had when its turn was
  auto known = pods_.begin();
  for (const PodPtr& item : items) {
    auto order = std::strong_ordering::less;
    while (known != pods_.end() && (order = compare(known->first, *item)) < 0) passed.push_back((known++)->first);
    if (known != pods_.end() && order == 0) {
      if (!is_same(*known->second, *item)) difference.changed.push_back(item);
      ++known;
    } else {
      if (!knows(*item)) difference.changed.push_back(item);
      named.insert(pod_key(*item));
    }
  }
  for (; known != pods_.end(); ++known) passed.push_back(known->first);
  for (std::string& name : passed) {
    if (!named.contains(name)) difference.gone.push_back(std::move(name));
  }
  return difference;
}

void JsonWriter::separate() {
  if (!first_) out_.append(",", 1);
  first_ = false;
}

void JsonWriter::key(std::string_view name) {
  separate();
  text(name);
  out_.append(":", 1);
}

void JsonWriter::field(std::string_view name) {
  separate();
  out_.append("\"", 1);
  out_.append(name);
  out_.append("\":", 2);
}

void JsonWriter::text(std::string_view s) {
  out_.append("\"", 1);
  std::size_t start = 0;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (!kEscaped[static_cast<unsigned char>(s[i])]) continue;
    out_.append(s, start, i - start);
    start = i + 1;
    escape(static_cast<unsigned char>(s[i]));
  }
  out_.append(s, start);
  out_.append("\"", 1);
}

void JsonWriter::escape(unsigned char c) {
  static constexpr char kDigits[] = "0123456789abcdef";
  switch (c) {
    case '"': out_ += "\\\""; break;
    case '\\': out_ += "\\\\"; break;
    case '\n': out_ += "\\n"; break;
    case '\t': out_ += "\\t"; break;
    case '\r': out_ += "\\r"; break;
    default:
      out_ += "\\u00";
      out_ += kDigits[c >> 4U];
      out_ += kDigits[c & 15U];
  }
}

void JsonWriter::write(const TemplatePtr& tmpl) {
  if (memory_.knows_template(tmpl->hash)) {
    text(hex(tmpl->hash));
    return;
  }
  memory_.learn_template(tmpl);
  open();
  (*this)("hash", hex(tmpl->hash));
  PodTemplate::fields(*this, *tmpl);
  close();
}

void JsonWriter::write(const PodPtr& pod) {
  if (memory_.knows(*pod)) {
    open();
    (*this)("known", pod_key(*pod));
    (*this)("rv", pod->resource_version);
    close();
    return;
  }
  memory_.learn(pod);
  write(*pod);
}

void JsonWriter::write(const PodList& list) {
  const PodMemory::Difference difference = memory_.difference(list.items);
  open();
  (*this)("count", list.items.size());
  (*this)("hash", hex(list_hash(list.items)));
  (*this)("changed", difference.changed);
  (*this)("gone", difference.gone);
  for (const std::string& name : difference.gone) memory_.forget(name);
  close();
}

void JsonWriter::write(const WatchEvent& event) {
  open();
  WatchEvent::fields(*this, event);
  close();
  if (event.object == nullptr) return;
  if (event.type == WatchEventType::deleted || event.type == WatchEventType::bookmark) memory_.forget(*event.object);
}

EventRef Event::ref() const { return {seq, t, by, cause, key, podramp::ref(data)}; }

std::string_view type_name(const DataRef& data) {
  return std::visit([](const auto* one) { return std::remove_cvref_t<decltype(*one)>::kType; }, data);
}

void write_data(std::string& buffer, const DataRef& data, PodMemory& memory) {
  JsonWriter writer(buffer, memory);
  std::visit([&](const auto* one) { writer.value(*one); }, data);
}

void write_line(std::string& buffer, const EventRef& event, PodMemory& memory) {
  const auto number = [&](auto n) {
    char digits[24];
    const auto [end, code] = std::to_chars(digits, digits + sizeof digits, n);
    buffer.append(digits, end);
  };
  buffer += "{\"seq\":";
  number(event.seq);
  buffer += ",\"t\":";
  number(event.t);
  buffer += ",\"type\":\"";
  buffer += type_name(event.data);
  buffer += "\",\"by\":";
  JsonWriter(buffer, memory).value(std::string(event.by));
  buffer += ",\"cause\":";
  number(event.cause);
  buffer += ",\"key\":";
  JsonWriter(buffer, memory).value(std::string(event.key));
  buffer += ",\"data\":";
  write_data(buffer, event.data, memory);
  buffer += '}';
}

}  // namespace podramp
