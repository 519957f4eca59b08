package document

// Skip enters the containers that it passes, and so finds their ends.
func (r *ubjsonReader) Skip() error {
	for bottom := r.depth; ; {
		kind, err := r.Kind()
		if err != nil {
			return err
		}
		if kind == Object || kind == Array {
			err = r.Open(kind)
		} else {
			err = r.skipScalar()
		}
		if err != nil {
			return err
		}
		if err := r.leave(bottom); err != nil || r.depth == bottom {
			return err
		}
	}
}

// leave leaves the containers above the depth that have no more elements.
func (r *ubjsonReader) leave(bottom int) error {
	for r.depth > bottom {
		c := &r.open[r.depth-1]
		if c.kind == Array && c.element != 0 {
			r.pos += c.left * sizeOf(c.element)
			c.left = 0
		}
		more, err := false, error(nil)
		if c.kind == Array {
			more, err = r.More()
		} else {
			_, more, err = r.Key()
		}
		if more || err != nil {
			return err
		}
	}
	return nil
}

func (r *ubjsonReader) skipScalar() error {
	mark, _ := r.mark()
	r.passMark()
	var err error
	switch {
	case mark == 'S' || mark == 'H':
		_, err = r.bytes()
	case mark == 'C':
		_, err = r.number(1)
	default: // a word has no bytes
		_, err = r.number(sizeOf(mark))
	}
	return err
}
