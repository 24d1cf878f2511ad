// Several tables of the same columns, one behind the other.
#pragma once

#include "input/TableReader.hpp"

namespace weir {

class JoinedTable : public TableReader {
 public:
  /// Throws InputError where their columns differ. `names`: for messages, one a table.
  JoinedTable(std::vector<std::unique_ptr<DataReader>> parts, std::vector<std::string> names);
  std::vector<std::string> column_names() const override { return parts_.front()->column_names(); }
  bool has_texts(Index column) const override;
  std::vector<std::string> texts(Index first, Index count, Index column) override;
  /// First row of each table, and behind the last of all.
  const std::vector<Index>& starts() const { return starts_; }

 protected:
  void load(Index first, Index count, const std::vector<Index>& columns, Real* values) override;

 private:
  template <class Action>
  void for_each_part(Index first, Index count, const Action& action);

  std::vector<std::unique_ptr<DataReader>> parts_;
  std::vector<Index> starts_;
};

/// Labels of rows that come in parts: the number of the part, or its name where parts have names.
class PartLabels : public TableReader {
 public:
  PartLabels(std::vector<Index> starts, std::vector<std::string> names);
  bool has_texts(Index) const override { return !names_.empty(); }
  std::vector<std::string> texts(Index first, Index count, Index column) override;

 protected:
  void load(Index first, Index count, const std::vector<Index>& columns, Real* values) override;

 private:
  Index part_of(Index row) const;
  std::vector<Index> starts_;
  std::vector<std::string> names_;
};

}  // namespace weir
