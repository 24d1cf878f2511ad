// Arrays that stand in a file as plain binary: .npy, members of .npz, IDX.
#pragma once

#include "input/ByteSource.hpp"
#include "input/ElementType.hpp"
#include "input/TableReader.hpp"

namespace weir {

/// Where and how the numbers stand.
struct BinaryLayout {
  Index offset = 0;
  ElementType type;
  std::vector<Index> shape;
  bool fortran_order = false;  ///< the first axis runs fastest
};

/// Both throw InputError for what is no such header, or one whose numbers are not read.
BinaryLayout read_npy_header(ByteSource& source);
BinaryLayout read_idx_header(ByteSource& source);

class BinaryTable : public TableReader {
 public:
  BinaryTable(std::unique_ptr<ByteSource> source, BinaryLayout layout);
  std::vector<Index> shape() const override { return layout_.shape; }
  Index stack() override;

 protected:
  void load(Index first, Index count, const std::vector<Index>& columns, Real* values) override;

 private:
  void load_rows(Index first, Index count, const std::vector<Index>& columns, Real* values);
  void load_column(Index first, Index count, Index column, Real* values, Index stride);
  void load_stacked_column(Index first, Index count, Index column, Real* values, Index stride);
  Index fortran_column(Index column) const;

  std::unique_ptr<ByteSource> source_;
  BinaryLayout layout_;
  bool stacked_ = false;
};

}  // namespace weir
