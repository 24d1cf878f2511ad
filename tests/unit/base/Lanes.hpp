// What tests of kernels compute with: Packs where kernels are code of the host, else single numbers, one
// lane.
#pragma once

#include "weir/base/Pack.hpp"

namespace weir {

template <class T>
constexpr int lane_count = int(sizeof(HostLanes<T>) / sizeof(T));

template <class T>
HostLanes<T> load_lanes(const T* from) {
  return load(from, HostLanes<T>());
}

}  // namespace weir
