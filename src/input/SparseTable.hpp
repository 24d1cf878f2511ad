// Sparse matrices as .h5ad files hold them: data, indices and indptr, by rows (CSR) or by columns (CSC).
#pragma once

#include "input/Hdf5Id.hpp"
#include "input/TableReader.hpp"

namespace weir {

class SparseTable : public TableReader {
 public:
  SparseTable(Hdf5Id file, const std::string& file_name, const std::string& path);
  /// Whether the group is a sparse matrix.
  static bool is_one(hid_t group);
  std::vector<std::string> column_names() const override { return names_; }
  void set_column_names(std::vector<std::string> names) { names_ = std::move(names); }

 protected:
  /// By rows the cost is what the rows hold; by columns every read goes through all entries of the columns.
  void load(Index first, Index count, const std::vector<Index>& columns, Real* values) override;

 private:
  template <class Action>
  void for_each_entry(Index first_line, Index lines, const Action& action);
  void check_pointers(const std::vector<Index>& pointers) const;

  Hdf5Id file_, group_, data_, indices_, pointers_;
  bool by_rows_ = true;
  Index entries_ = 0;
  std::vector<std::string> names_;
};

}  // namespace weir
