// The host's kernel behind gemm: panels of A against a few columns of B, accumulated in registers.
//
// A panel of A is 4 (AVX-512, 32 registers) or 1 (elsewhere) Packs high; what is transposed, or does not fill
// its Packs, is first copied into one. For each k a panel's Packs are multiplied by one number of each of 6
// columns of B: 24 accumulators.
#pragma once

#include <algorithm>

#include "weir/base/Pack.hpp"
#include "weir/networks/Gemm.hpp"

#if defined(__AVX512F__) || defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define WEIR_TILE_GEMM 1
#else
#define WEIR_TILE_GEMM 0
#endif

namespace weir {
namespace tile_gemm {

#ifdef __AVX512F__
constexpr int panel_packs = 4;
#else
constexpr int panel_packs = 1;
#endif
constexpr int block_columns = 6;
constexpr Index block_k = 128;  // a panel of this depth (32 KiB) stays in the first cache

/// op(B): entry (k, j) lies at data[k by_k + j by_column].
template <class T>
struct Strided {
  const T* data;
  Index by_k, by_column;
};

/// Where the results go: c = alpha sum + beta c for the panel's first `rows` rows; entry (i, j) lies at c[i
/// by_row + j by_column].
template <class T>
struct Target {
  T alpha, beta;
  T* c;
  Index by_row, by_column, rows;
};

template <class T>
void store_pack(typename Pack<T>::Native sum, const Target<T>& to, Index row, Index column) {
  constexpr int width = pack_width<T>;
  T* c = to.c + row * to.by_row + column * to.by_column;
  if (row + width <= to.rows && to.by_row == 1) {
    const Pack<T> product = Pack<T>(to.alpha) * Pack<T>(sum);
    (to.beta == 0 ? product : product + Pack<T>(to.beta) * Pack<T>::load(c)).store(c);
    return;
  }
  T scalars[width];
  (Pack<T>(to.alpha) * Pack<T>(sum)).store(scalars);
  const Index here = std::min<Index>(width, to.rows - row);
  for (Index lane = 0; lane < here; ++lane) {
    T& entry = c[lane * to.by_row];
    entry = to.beta == 0 ? scalars[lane] : scalars[lane] + to.beta * entry;
  }
}

/// `packs` Packs of rows of a panel with leading dimension `lda` times `columns` columns.
template <class T, int packs, int columns>
__attribute__((noinline)) void multiply(Index depth, const T* panel, Index lda, Strided<T> b,
                                        const Target<T>& to, Index column) {
  using Native = typename Pack<T>::Native;
  constexpr int width = pack_width<T>;
  Native sums[columns][packs];
  for (int j = 0; j < columns; ++j)
    for (int i = 0; i < packs; ++i) sums[j][i] = Native{};
  const T* from = b.data + column * b.by_column;
  for (Index k = 0; k < depth; ++k) {
    Native a[packs];
#pragma GCC unroll 8
    for (int i = 0; i < packs; ++i) a[i] = Pack<T>::load(panel + k * lda + i * width).native;
#pragma GCC unroll 8
    for (int j = 0; j < columns; ++j) {
      const T factor = from[k * b.by_k + j * b.by_column];
#pragma GCC unroll 8
      for (int i = 0; i < packs; ++i) sums[j][i] += a[i] * factor;
    }
  }
#pragma GCC unroll 8
  for (int j = 0; j < columns; ++j)
#pragma GCC unroll 8
    for (int i = 0; i < packs; ++i) store_pack<T>(sums[j][i], to, i * width, column + j);
}

template <class T, int packs, int columns>
void multiply_rest(Index rest, Index depth, const T* panel, Index lda, Strided<T> b, const Target<T>& to,
                   Index column) {
  if constexpr (columns > 0) {
    if (rest == columns)
      multiply<T, packs, columns>(depth, panel, lda, b, to, column);
    else
      multiply_rest<T, packs, columns - 1>(rest, depth, panel, lda, b, to, column);
  }
}

/// One panel of at most `packs` Packs against all n columns.
template <class T, int packs>
void multiply_panel(Index n, Index depth, const T* panel, Index lda, Strided<T> b, const Target<T>& to) {
  if constexpr (packs > 1) {
    if (to.rows <= (packs - 1) * pack_width<T>)
      return multiply_panel<T, packs - 1>(n, depth, panel, lda, b, to);
  }
  constexpr int columns = block_columns * panel_packs / packs > 12 ? 12 : block_columns * panel_packs / packs;
  Index column = 0;
  for (; column + columns <= n; column += columns)
    multiply<T, packs, columns>(depth, panel, lda, b, to, column);
  multiply_rest<T, packs, columns - 1>(n - column, depth, panel, lda, b, to, column);
}

/// Transposes a square of pack_width x pack_width: to(i, k) = from(k, i), log2(width) rounds of exchanges.
template <class T>
void transpose_square(const T* from, Index ld_from, T* to, Index ld_to) {
  using Native = typename Pack<T>::Native;
  using Lanes = typename NumberTraits<Pack<T>>::IntLanes;
  constexpr int width = pack_width<T>;
  Native rows[width];
#pragma GCC unroll 16
  for (int k = 0; k < width; ++k) rows[k] = Pack<T>::load(from + k * ld_from).native;
#pragma GCC unroll 4
  for (int half = width / 2; half > 0; half /= 2) {
    Lanes low, high;  // blocks of `half` lanes change places between rows that are `half` apart
#pragma GCC unroll 16
    for (int lane = 0; lane < width; ++lane) {
      low[lane] = lane & half ? width + lane - half : lane;
      high[lane] = lane & half ? width + lane : lane + half;
    }
#pragma GCC unroll 16
    for (int k = 0; k < width; ++k) {
      if (k & half) continue;
      const Native first = rows[k], second = rows[k + half];
      rows[k] = __builtin_shuffle(first, second, low);
      rows[k + half] = __builtin_shuffle(first, second, high);
    }
  }
#pragma GCC unroll 16
  for (int k = 0; k < width; ++k) Pack<T>(rows[k]).store(to + k * ld_to);
}

/// Copies op(A)'s rows [0, rows) of `depth` columns into a panel of whole Packs, padded with zeros.
template <class T>
void fill_panel(bool transposed, const T* a, Index lda, Index rows, Index depth, T* panel, Index ld) {
  constexpr Index width = pack_width<T>;
  for (Index i = 0; i < rows; i += width) {
    const Index here = std::min(width, rows - i);
    Index k = 0;
    if (transposed && here == width)
      for (; k + width <= depth; k += width) transpose_square(a + k + i * lda, lda, panel + i + k * ld, ld);
    for (; k < depth; ++k) {
      T* to = panel + i + k * ld;
      if (!transposed && here == width) {
        Pack<T>::load(a + i + k * lda).store(to);
        continue;
      }
      for (Index r = 0; r < here; ++r) to[r] = transposed ? a[k + (i + r) * lda] : a[i + r + k * lda];
      for (Index r = here; r < width; ++r) to[r] = 0;
    }
  }
}

template <class T>
void multiply_panels(Op op_a, Op op_b, Index m, Index n, Index k, T alpha, const T* a, Index lda, const T* b,
                     Index ldb, T beta, T* c, Index by_row, Index by_column) {
  constexpr Index width = pack_width<T>, panel_rows = panel_packs * width;
  alignas(64) static thread_local T copy[panel_rows * block_k];
  const bool transposed = op_a == Op::transpose;
  for (Index first_k = 0; first_k < k; first_k += block_k) {
    const Index depth = std::min(block_k, k - first_k);
    const T* b_here = b + (op_b == Op::none ? first_k : first_k * ldb);
    const Strided<T> b_block{b_here, op_b == Op::none ? 1 : ldb, op_b == Op::none ? ldb : 1};
    for (Index row = 0; row < m; row += panel_rows) {
      const Index rows = std::min(panel_rows, m - row);
      const T* a_here = transposed ? a + first_k + row * lda : a + row + first_k * lda;
      const Target<T> to{alpha, first_k == 0 ? beta : T(1), c + row * by_row, by_row, by_column, rows};
      if (!transposed && rows % width == 0) {
        multiply_panel<T, panel_packs>(n, depth, a_here, lda, b_block, to);
      } else {
        const Index ld = (rows + width - 1) / width * width;
        fill_panel(transposed, a_here, lda, rows, depth, copy, ld);
        multiply_panel<T, panel_packs>(n, depth, copy, ld, b_block, to);
      }
    }
  }
}

template <class T>
void multiply_all(Op op_a, Op op_b, Index m, Index n, Index k, T alpha, const T* a, Index lda, const T* b,
                  Index ldb, T beta, T* c, Index ldc) {
  const auto other = [](Op op) { return op == Op::none ? Op::transpose : Op::none; };
  // A few rows would leave most of a Pack empty: C' = op(B)' op(A)' has a few columns instead.
  if (m <= block_columns && m < n)
    multiply_panels(other(op_b), other(op_a), n, m, k, alpha, b, ldb, a, lda, beta, c, ldc, Index(1));
  else
    multiply_panels(op_a, op_b, m, n, k, alpha, a, lda, b, ldb, beta, c, Index(1), ldc);
}

}  // namespace tile_gemm
}  // namespace weir
