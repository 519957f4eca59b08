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

// drawBytes draws sizes on both sides of those that get huge pages, few of them
// multiples of anything.
func drawBytes(t *rapid.T) int {
	around := rapid.SampledFrom([]int{page, hugePage, 2 * hugePage}).Draw(t, "around")
	return max(1, around+rapid.IntRange(-page-1, page+1).Draw(t, "beside"))
}

// TestMapping: memory of any size is zero, ours to the last byte, and touched;
// large memory begins with a huge page.
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
			t.Fatalf("%d bytes: page %d is not there", size, absent)
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

// resident tells for each page of m whether it is in memory (mincore(2)).
func resident(t tb, m mapping) []byte {
	there := make([]byte, pages(int(m.bytes)))
	if _, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(m.base), m.bytes, uintptr(unsafe.Pointer(&there[0]))); errno != 0 {
		t.Fatalf("mincore of %d bytes: %v", m.bytes, errno)
	}
	for i := range there {
		there[i] &= 1 // the other bits are reserved
	}
	return there
}

// TestAlignUnmapsTheRest: of memory that begins anywhere, align keeps the pages
// that it says and no others, and touches nothing around it. The memory is a
// file's, so that it is known by name.
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
		begin := rapid.IntRange(1, hugePage/page).Draw(t, "begin") // pages of somebody else
		end := begin + pages(size+hugePage)
		m := mapping{unsafe.Add(base, begin*page), uintptr(size + hugePage)}
		m.align(uintptr(size))
		at := int(uintptr(m.base)-uintptr(base)) / page
		defer func() { // only what is there: the runtime may map something between
			mapping{base, uintptr(begin * page)}.unmap()
			mapping{unsafe.Add(base, end*page), uintptr(all - end*page)}.unmap()
			m.unmap()
		}()

		kept := pages(size)
		if uintptr(m.base)%hugePage != 0 || int(m.bytes) != kept*page || at < begin || at+kept > end {
			t.Fatalf("of %d bytes from page %d on %d bytes are kept, from page %d on, at %p", size+hugePage, begin, m.bytes, at, m.base)
		}
		for i, got := range mappedPages(t, name, uintptr(base), all/page) {
			if want := i < begin || i >= end || i >= at && i < at+kept; got != want {
				t.Fatalf("page %d of %d to %d, kept %d to %d: mapped is %v", i, begin, end, at, at+kept, got)
			}
		}
	})
}

func pages(size int) int { return (size + page - 1) / page }

// mappedPages tells which pages from first on are mapped from the memory file
// name, as /proc/self/maps has it (proc_pid_maps(5)).
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

// TestLargeBufRing: each buffer is the caller's to its last byte and no other's,
// whatever the sizes.
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
			t.Fatalf("%d buffers of %d bytes end behind the mapping", count, size)
		}
	})
}

// TestCloseUnmapsAll opens and closes buffers of many sizes. What the runtime maps
// meanwhile it does not map in every trial; what Close leaves, it would.
func TestCloseUnmapsAll(t *testing.T) {
	r := newRing(t, Config{Entries: 8})
	rounds := func() {
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
		rounds()
		growth = append(growth, mappedSize(t)-before)
	}
	if !slices.Contains(growth, 0) {
		t.Errorf("the process has grown by %v pages, want by none", growth)
	}
}

// mappedSize is the size of the process in pages (proc_pid_statm(5)).
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
