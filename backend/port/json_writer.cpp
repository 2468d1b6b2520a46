#include "backend/port/json_writer.h"

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

std::vector<std::string> PodMemory::replace(const std::vector<PodPtr>& items) {
  std::map<std::string, PodPtr, std::less<>> kept;
  for (const PodPtr& pod : items) kept.emplace(pod_key(*pod), pod);
  std::vector<std::string> gone;
  for (const auto& [name, pod] : pods_) {
    if (!kept.contains(name)) gone.push_back(name);
  }
  pods_ = std::move(kept);
  return gone;
}

void JsonWriter::key(std::string_view name) {
  if (!first_) out_ += ',';
  first_ = false;
  text(name);
  out_ += ':';
}

void JsonWriter::text(std::string_view s) {
  out_ += '"';
  std::size_t start = 0;
  for (std::size_t i = 0; i < s.size(); ++i) {
    const auto c = static_cast<unsigned char>(s[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out_.append(s, start, i - start);
    start = i + 1;
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
  out_.append(s, start);
  out_ += '"';
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
  std::vector<PodPtr> changed;
  for (const PodPtr& pod : list.items) {
    if (!memory_.knows(*pod)) changed.push_back(pod);
  }
  open();
  (*this)("count", list.items.size());
  (*this)("hash", hex(list_hash(list.items)));
  (*this)("changed", changed);
  (*this)("gone", memory_.replace(list.items));
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
