// Which files a Spark event log consists of, in their order, and how they are packed: one file (APP, APP.zstd,
// APP.inprogress), or a folder eventlog_v2_APP of parts events_N_APP[.zstd][.compact] and a mark appstatus_APP.
// A compacted part stands for all parts up to its number. (EventLogFileReaders.scala, EventLogFileWriters.scala)
#pragma once

#include <string>
#include <vector>

#include "backend/port/status.h"
#include "sim/import/byte_stream.h"
#include "sim/import/notes.h"

namespace podramp::sim {

struct EventLogFiles {
  std::vector<std::string> paths;
  bool in_progress = false;  // the driver was still running, or was killed
  bool compacted = false;    // events of ended jobs were dropped
};

// Errors: no such file; a folder without parts, or in which one is missing (which).
Result<EventLogFiles> find_event_log(const std::string& path, ImportNotes& notes);

// The file unpacked as its suffix says: zstd, lz4, snappy, lzf, anything else is plain. Errors: it does not begin as
// its suffix says.
Result<ByteStreamPtr> open_event_log(const std::string& path);

}  // namespace podramp::sim
