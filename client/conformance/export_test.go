package conformance

// CheckServerOnce runs the check of that name.
func CheckServerOnce(s Subject, name string) Finding {
	for _, c := range checks() {
		if c.name == name {
			return c.run(s)
		}
	}
	panic("conformance: no check " + name)
}

// CheckNames returns the names of all checks.
func CheckNames() (names []string) {
	for _, c := range checks() {
		names = append(names, c.name)
	}
	return names
}
