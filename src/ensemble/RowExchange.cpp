#include "weir/ensemble/RowExchange.hpp"

#include <cstring>

namespace weir {

void RowExchange::send(int rank, Index tag, Index key, const Real* row) {
  auto& messages = outgoing_[rank];
  const std::size_t at = messages.size();
  messages.resize(at + record_bytes());
  std::memcpy(&messages[at], &tag, sizeof tag);
  std::memcpy(&messages[at + sizeof tag], &key, sizeof key);
  std::memcpy(&messages[at + 2 * sizeof tag], row, columns_ * sizeof(Real));
}

RowExchange::Row RowExchange::unpack(const char* record, std::vector<Real>& values) const {
  Row row{0, 0, values.data()};
  std::memcpy(&row.tag, record, sizeof row.tag);
  std::memcpy(&row.key, record + sizeof row.tag, sizeof row.key);
  std::memcpy(values.data(), record + 2 * sizeof row.tag, columns_ * sizeof(Real));
  return row;
}

}  // namespace weir
