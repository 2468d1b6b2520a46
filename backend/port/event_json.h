// Reads the lines that json_writer.h writes. Keeps what the lines before have shown (templates, pods), so lines must
// be read in order, each once. Errors say what is wrong with the line, not where it is: the caller knows that.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "backend/port/event.h"
#include "backend/port/json_writer.h"

namespace podramp {

class EventReader {
 public:
  // A line of an unknown type is an error, unless its family is "note" (then it is read as an empty note.text).
  Result<Event> read(std::string_view line);

 private:
  PodMemory& memory_of(std::string_view type, const std::string& by);

  std::map<std::string, PodMemory, std::less<>> sessions_;
  PodMemory world_{false};
};

}  // namespace podramp
