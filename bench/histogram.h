/* Times in nanoseconds, counted in buckets less than 1 % wide: bounded memory however long the run. */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

#define STEPS_BITS 7
#define STEPS (1U << STEPS_BITS) /* Buckets for each doubling of the value. */
#define BUCKETS ((64 - STEPS_BITS) * STEPS + STEPS)

typedef struct {
    uint64_t count, highest;
    uint64_t buckets[BUCKETS];
} Histogram;

static inline void record(Histogram *histogram, uint64_t value) {
    unsigned shift = value < STEPS ? 0 : 63U - (unsigned)__builtin_clzll(value) - STEPS_BITS;
    /* Below 2 * STEPS a bucket holds one value; above, the leading bits choose it. */
    histogram->buckets[shift * STEPS + (unsigned)(value >> shift)]++;
    histogram->count++;
    if (value > histogram->highest) histogram->highest = value;
}

/* The lower edge of the bucket that holds the value of this rank; `share` is from 0 to 1. 0 when nothing came. */
static inline uint64_t quantile(const Histogram *histogram, double share) {
    uint64_t rank = (uint64_t)(share * (double)histogram->count), seen = 0;
    for (unsigned at = 0; at < BUCKETS; at++) {
        seen += histogram->buckets[at];
        if (seen > rank) {
            unsigned shift = at < 2 * STEPS ? 0 : at / STEPS - 1;
            return (uint64_t)(at - shift * STEPS) << shift;
        }
    }
    return histogram->highest;
}

#endif
