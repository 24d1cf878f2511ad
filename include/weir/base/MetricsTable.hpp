// metrics.csv: one row a report, flushed as it is written.
#pragma once

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "weir/base/Types.hpp"

namespace weir {

using Metrics = std::vector<std::pair<std::string, Real>>;

/// Not collective: one rank writes. Columns are step, time and what the first row brings.
class MetricsTable {
 public:
  /// Starts the table, or with `append` goes on with the one that is there.
  explicit MetricsTable(const std::string& path, bool append = false);
  /// Throws RunError where the file cannot be written, InternalError where the columns differ from the first
  /// row's.
  void add(Index step, Real time, const Metrics& metrics);

 private:
  std::string path_;
  std::ofstream file_;
  std::vector<std::string> columns_;
};

}  // namespace weir
