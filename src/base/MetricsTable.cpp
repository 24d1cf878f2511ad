#include "weir/base/MetricsTable.hpp"

#include <algorithm>
#include <sstream>

#include "weir/base/Error.hpp"

namespace weir {

MetricsTable::MetricsTable(const std::string& path, bool append) : path_(path) {
  if (append) {
    std::string header, name;
    std::getline(std::ifstream(path), header);
    std::istringstream names(header);
    while (std::getline(names, name, ',')) columns_.push_back(name);
    columns_.erase(columns_.begin(), columns_.begin() + std::min<std::ptrdiff_t>(2, columns_.size()));
  }
  file_.open(path, append ? std::ios::app : std::ios::trunc);
  if (!file_) throw RunError(fmt::format("cannot write {}", path));
}

void MetricsTable::add(Index step, Real time, const Metrics& metrics) {
  if (columns_.empty()) {
    file_ << "step,time";
    for (const auto& [name, value] : metrics) {
      columns_.push_back(name);
      file_ << ',' << name;
    }
    file_ << '\n';
  }
  WEIR_CHECK(metrics.size() == columns_.size(), "{} metrics for {} columns", metrics.size(), columns_.size());
  std::string row = fmt::format("{},{}", step, time);
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    WEIR_CHECK(metrics[c].first == columns_[c], "metric {} in column {}", metrics[c].first, columns_[c]);
    row += fmt::format(",{}", metrics[c].second);
  }
  file_ << row << std::endl;
  if (!file_) throw RunError(fmt::format("writing {} failed: is the disk full?", path_));
}

}  // namespace weir
