#include <map>

#include "input/BinaryTable.hpp"
#include "weir/base/Error.hpp"

namespace weir {

// Two zero bytes, the type, the number of axes, then their lengths; everything is big-endian.
BinaryLayout read_idx_header(ByteSource& source) {
  static const std::map<int, ElementType> types{{0x08, {'u', 1, true}}, {0x09, {'i', 1, true}},
                                                {0x0b, {'i', 2, true}}, {0x0c, {'i', 4, true}},
                                                {0x0d, {'f', 4, true}}, {0x0e, {'f', 8, true}}};
  unsigned char start[4] = {};
  source.read(0, start, 4);
  const auto type = types.find(start[2]);
  if (start[0] != 0 || start[1] != 0 || type == types.end())
    throw InputError(source.name() + ": is no IDX file (does not start with two zero bytes and a type)");
  BinaryLayout layout;
  layout.type = type->second;
  const Index axes = start[3];
  layout.offset = 4 + 4 * axes;
  for (Index axis = 0; axis < axes; ++axis) {
    unsigned char extent[4];
    source.read(4 + 4 * axis, extent, 4);
    layout.shape.push_back(((Index(extent[0]) * 256 + extent[1]) * 256 + extent[2]) * 256 + extent[3]);
  }
  return layout;
}

}  // namespace weir
