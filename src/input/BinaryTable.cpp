#include "input/BinaryTable.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "weir/base/Error.hpp"

namespace weir {

BinaryTable::BinaryTable(std::unique_ptr<ByteSource> source, BinaryLayout layout)
    : TableReader(source->name()), source_(std::move(source)), layout_(std::move(layout)) {
  const TableShape shape = table_shape(layout_.shape, name_);
  rows_ = shape.rows;
  columns_ = shape.columns;
  const Index needed = layout_.offset + rows_ * columns_ * layout_.type.size;
  if (const auto size = source_->size(); size && *size < needed)
    throw InputError(fmt::format("{}: has {} bytes; its header, shape ({}), tells of {} (truncated?)", name_,
                                 *size, fmt::join(layout_.shape, ", "), needed));
  if (needed > source_->most())
    throw InputError(fmt::format("{}: is too small for its header's shape, {} (damaged?)", name_,
                                 shape_text(layout_.shape)));
}

Index BinaryTable::stack() {
  const Index populations = stack_axes(layout_.shape);
  stacked_ = populations > 0;
  return populations;
}

void BinaryTable::load(Index first, Index count, const std::vector<Index>& columns, Real* values) {
  if (layout_.fortran_order) {
    const Index width = Index(columns.size());
    for (Index k = 0; k < width; ++k)
      if (stacked_)
        load_stacked_column(first, count, columns[k], values + k, width);
      else
        load_column(first, count, columns[k], values + k, width);
    return;
  }
  // In pieces, so that the raw bytes are few beside the values.
  const Index piece = std::max(Index(1), (Index(1) << 20) / std::max(Index(1), columns_ * layout_.type.size));
  for (Index done = 0; done < count; done += piece)
    load_rows(first + done, std::min(piece, count - done), columns, values + done * Index(columns.size()));
}

void BinaryTable::load_rows(Index first, Index count, const std::vector<Index>& columns, Real* values) {
  const Index row_bytes = columns_ * layout_.type.size;
  std::vector<char> raw(count * row_bytes);
  source_->read(layout_.offset + first * row_bytes, raw.data(), Index(raw.size()));
  const Index width = Index(columns.size());
  for (Index k = 0; k < width; ++k)
    decode(layout_.type, raw.data() + columns[k] * layout_.type.size, row_bytes, count, values + k, width);
}

void BinaryTable::load_column(Index first, Index count, Index column, Real* values, Index stride) {
  const Index size = layout_.type.size;
  std::vector<char> raw(count * size);
  source_->read(layout_.offset + (fortran_column(column) * rows_ + first) * size, raw.data(),
                Index(raw.size()));
  decode(layout_.type, raw.data(), size, count, values, stride);
}

// Component c of particle i of population p stands at p + P (i + n c): particles of a population are P apart.
void BinaryTable::load_stacked_column(Index first, Index count, Index column, Real* values, Index stride) {
  const Index size = layout_.type.size, populations = layout_.shape[0], particles = layout_.shape[1];
  const Index piece = std::max(Index(1), (Index(1) << 20) / std::max(Index(1), populations * size));
  std::vector<char> raw;
  for (Index done = 0, here; done < count; done += here) {
    const Index p = (first + done) / particles, i = (first + done) % particles;
    here = std::min({count - done, particles - i, piece});
    raw.resize(std::size_t(((here - 1) * populations + 1) * size));
    source_->read(layout_.offset + (p + populations * (i + particles * column)) * size, raw.data(),
                  Index(raw.size()));
    decode(layout_.type, raw.data(), populations * size, here, values + done * stride, stride);
  }
}

// Columns are counted with the last axis running fastest; here the second runs fastest.
Index BinaryTable::fortran_column(Index column) const {
  const auto& shape = layout_.shape;
  Index result = 0;
  for (size_t axis = 1; axis < shape.size(); ++axis) {
    Index stride_here = 1, stride_there = 1;
    for (size_t later = axis + 1; later < shape.size(); ++later) stride_here *= shape[later];
    for (size_t earlier = 1; earlier < axis; ++earlier) stride_there *= shape[earlier];
    result += column / stride_here % shape[axis] * stride_there;
  }
  return result;
}

}  // namespace weir
