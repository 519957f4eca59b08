package uring

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

var page = os.Getpagesize()

// drawBytes draws sizes below and above the limits from which memory gets one and two
// huge pages. Few of them are multiples of a page.
func drawBytes(t *rapid.T) int {
	around := rapid.SampledFrom([]int{page, hugePage, 2 * hugePage}).Draw(t, "around")
	return max(1, around+rapid.IntRange(-page-1, page+1).Draw(t, "beside"))
}

// TestMapping: memory of any size is zero, writable to the last byte, and resident.
// Large memory begins at a multiple of a huge page.
func TestMapping(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := drawBytes(t)
		m, err := mapPrivate(uintptr(size))
		if err != nil {
			t.Fatal(err)
		}
		defer m.unmap()
		if size >= hugePage && uintptr(m.base)%hugePage != 0 {
			t.Fatalf("%d bytes begin at %p, not with a huge page", size, m.base)
		}
		if absent := slices.Index(resident(t, m), 0); absent >= 0 {
			t.Fatalf("%d bytes: page %d is not resident", size, absent)
		}
		memory := unsafe.Slice((*byte)(m.base), size)
		if !bytes.Equal(memory, make([]byte, size)) {
			t.Fatalf("%d bytes are not zero", size)
		}
		for i := range memory {
			memory[i] = 1
		}
	})
}

// resident returns 1 for each page of m that is in memory, else 0 (mincore(2)).
func resident(t tb, m mapping) []byte {
	bits := make([]byte, pages(int(m.bytes)))
	if _, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(m.base), m.bytes, uintptr(unsafe.Pointer(&bits[0]))); errno != 0 {
		t.Fatalf("mincore of %d bytes: %v", m.bytes, errno)
	}
	for i := range bits {
		bits[i] &= 1 // the other bits are reserved
	}
	return bits
}

// TestAlignUnmapsTheRest: wherever the memory begins, align keeps exactly the pages
// that m names afterwards, unmaps the other pages of the memory, and leaves the pages
// around the memory mapped. The test maps a memory file, so that it can recognise its
// pages by the file's name.
func TestAlignUnmapsTheRest(t *testing.T) {
	const name, all = "disrust-align", 5 * hugePage
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Ftruncate(fd, all); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		base, err := unix.MmapPtr(fd, 0, nil, all, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		if err != nil {
			t.Fatal(err)
		}
		whole := rapid.Map(rapid.IntRange(hugePage/page, 2*hugePage/page), func(pages int) int { return pages * page })
		size := rapid.OneOf(whole, rapid.IntRange(hugePage, 2*hugePage)).Draw(t, "bytes")
		begin := rapid.IntRange(1, hugePage/page).Draw(t, "begin") // pages before the memory
		end := begin + pages(size+hugePage)
		m := mapping{unsafe.Add(base, begin*page), uintptr(size + hugePage)}
		m.align(uintptr(size))
		at := int(uintptr(m.base)-uintptr(base)) / page
		defer func() { // unmaps only pages still mapped: the runtime may have mapped the gaps
			mapping{base, uintptr(begin * page)}.unmap()
			mapping{unsafe.Add(base, end*page), uintptr(all - end*page)}.unmap()
			m.unmap()
		}()

		kept := pages(size)
		if uintptr(m.base)%hugePage != 0 || int(m.bytes) != kept*page || at < begin || at+kept > end {
			t.Fatalf("%d bytes began at page %d; align kept %d bytes from page %d on, at %p", size+hugePage, begin, m.bytes, at, m.base)
		}
		for i, got := range mappedPages(t, name, uintptr(base), all/page) {
			if want := i < begin || i >= end || i >= at && i < at+kept; got != want {
				t.Fatalf("memory is pages %d to %d, kept %d to %d: mapped of page %d is %v", begin, end, at, at+kept, i, got)
			}
		}
	})
}

func pages(size int) int { return (size + page - 1) / page }

// mappedPages returns for each page from first on whether it is mapped from the memory
// file called name. It reads /proc/self/maps (proc_pid_maps(5)).
func mappedPages(t tb, name string, first uintptr, count int) []bool {
	table, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	mapped := make([]bool, count)
	for line := range strings.Lines(string(table)) {
		var lo, hi uintptr
		if !strings.Contains(line, "/memfd:"+name) {
			continue
		}
		if _, err := fmt.Sscanf(line, "%x-%x", &lo, &hi); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		for ; lo < hi; lo += uintptr(page) {
			mapped[int(lo-first)/page] = true
		}
	}
	return mapped
}

// TestLargeBufRing: buffers of any size are writable to their last byte and do not
// overlap.
func TestLargeBufRing(t *testing.T) {
	r := newRing(t, Config{Entries: 8})
	rapid.Check(t, func(t *rapid.T) {
		count := 1 << rapid.IntRange(0, 8).Draw(t, "log count")
		size := max(1, rapid.SampledFrom([]int{1, page, hugePage / count, 2 * hugePage / count}).Draw(t, "around")+rapid.IntRange(-33, 33).Draw(t, "beside"))
		b, err := r.NewBufRing(7, count, size)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		if count*size >= hugePage && uintptr(b.memory.base)%hugePage != 0 {
			t.Fatalf("%d buffers of %d bytes begin at %p, not with a huge page", count, size, b.memory.base)
		}
		for id := range count {
			data := b.Bytes(uint16(id), size)
			data[0], data[size-1] = byte(id), byte(id)
		}
		for id := range count {
			if data := b.Bytes(uint16(id), size); data[0] != byte(id) || data[size-1] != byte(id) {
				t.Fatalf("buffer %d of %d bytes holds %d and %d", id, size, data[0], data[size-1])
			}
		}
		if last := &b.data[len(b.data)-1]; uintptr(unsafe.Pointer(last)) >= uintptr(b.memory.base)+b.memory.bytes {
			t.Fatalf("%d buffers of %d bytes end outside the mapping", count, size)
		}
	})
}

// TestCloseUnmapsAll opens and closes buffers of many sizes, in several trials. The Go
// runtime may map memory in some trials, but not in all. If Close left memory mapped,
// the process would grow in every trial.
func TestCloseUnmapsAll(t *testing.T) {
	r := newRing(t, Config{Entries: 8})
	trial := func() {
		for _, size := range []int{1, page, hugePage/2 + 1, hugePage/2 - 16, hugePage, hugePage + 1, hugePage + page} {
			for range 8 {
				b, err := r.NewBufRing(7, 2, size)
				if err != nil {
					t.Fatal(err)
				}
				if err := b.Close(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	var growth []int
	for range 10 {
		before := mappedSize(t)
		trial()
		growth = append(growth, mappedSize(t)-before)
	}
	if !slices.Contains(growth, 0) {
		t.Errorf("the process has grown by %v pages, want by none", growth)
	}
}

// mappedSize returns the size of the process in pages (proc_pid_statm(5)).
func mappedSize(t tb) (pages int) {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(string(statm), &pages); err != nil {
		t.Fatal(err)
	}
	return pages
}
