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

// Checks returns the names and sentences of all checks.
func Checks() (all []Finding) {
	for _, c := range checks() {
		all = append(all, Finding{Name: c.name, Says: c.says})
	}
	return all
}
