package drive

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// maxWeight bounds the sum of a Mix's weights, and with it the length of a cycle that
// holds the sizes in exactly these proportions.
const maxWeight = 1000

// Mix says how many vectors the requests hold. Each size has a weight: its share of the
// requests is its weight divided by the sum of all weights. A cycle holds the sizes in
// exactly these proportions.
type Mix []Share

// Share is one size of a Mix.
type Share struct{ Vectors, Weight int }

// Uniform returns the Mix of requests that all hold vectors vectors.
func Uniform(vectors int) Mix { return Mix{{Vectors: vectors, Weight: 1}} }

// ParseMix reads a number of vectors, such as "64", or sizes with their weights, such as
// "1:70,8:25,64:5". Its errors say in one sentence what is allowed.
func ParseMix(s string) (Mix, error) {
	var mix Mix
	for share := range strings.SplitSeq(s, ",") {
		size, weight, weighted := strings.Cut(share, ":")
		if !weighted {
			weight = "1"
		}
		vectors, err := strconv.Atoi(size)
		w, err2 := strconv.Atoi(weight)
		if err != nil || err2 != nil || !weighted && s != share {
			return nil, fmt.Errorf("%q is no mix: a number of vectors, such as 64, or sizes with weights, such as 1:70,8:25,64:5, is allowed", s)
		}
		mix = append(mix, Share{vectors, w})
	}
	return mix, mix.validate()
}

func (m Mix) validate() error {
	sum, sizes := 0, make(map[int]bool)
	for _, share := range m {
		if share.Vectors < 1 || share.Weight < 1 || share.Weight > maxWeight {
			return fmt.Errorf("size %d with weight %d: a size from 1 on and a weight from 1 to %d is allowed", share.Vectors, share.Weight, maxWeight)
		}
		if sizes[share.Vectors] {
			return fmt.Errorf("mix %v: size %d is given twice", m, share.Vectors)
		}
		sizes[share.Vectors] = true
		sum += share.Weight
	}
	if sum > maxWeight {
		return fmt.Errorf("mix %v: the sum of the weights is %d, and up to %d is allowed", m, sum, maxWeight)
	}
	if sum == 0 {
		return errors.New("a mix needs at least one size")
	}
	return nil
}

// Largest returns the largest size of m.
func (m Mix) Largest() int {
	most := 0
	for _, share := range m {
		most = max(most, share.Vectors)
	}
	return most
}

// String returns m in the form that ParseMix reads.
func (m Mix) String() string {
	if len(m) == 1 {
		return strconv.Itoa(m[0].Vectors)
	}
	var shares []string
	for _, share := range m {
		shares = append(shares, fmt.Sprintf("%d:%d", share.Vectors, share.Weight))
	}
	return strings.Join(shares, ",")
}

// block returns the shortest list of sizes in which the sizes have their proportions.
func (m Mix) block() []int {
	divisor := 0
	for _, share := range m {
		divisor = gcd(share.Weight, divisor)
	}
	var sizes []int
	for _, share := range m {
		for range share.Weight / divisor {
			sizes = append(sizes, share.Vectors)
		}
	}
	return sizes
}

// sizes returns a list of blocks blocks of m, shuffled as a whole.
func (m Mix) sizes(blocks int, seed uint64) []int {
	block := m.block()
	sizes := make([]int, 0, blocks*len(block))
	for range blocks {
		sizes = append(sizes, block...)
	}
	random := rand.New(rand.NewPCG(seed, uint64(len(sizes))))
	random.Shuffle(len(sizes), func(i, j int) { sizes[i], sizes[j] = sizes[j], sizes[i] })
	return sizes
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
