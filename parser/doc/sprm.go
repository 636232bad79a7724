package doc

// The modifiers that matter ([MS-DOC] §2.6).
const (
	sprmCFRMarkDel       = 0x0800
	sprmCFData           = 0x0806
	sprmCFStrike         = 0x0837
	sprmCFVanish         = 0x083c
	sprmCFSpec           = 0x0855
	sprmCFDStrike        = 0x2a53
	sprmCIstd            = 0x4a30
	sprmCRgFtc0          = 0x4a4f
	sprmPFInTable        = 0x2416
	sprmPFTtp            = 0x2417
	sprmPFInnerTableCell = 0x244b
	sprmPFInnerTtp       = 0x244c
	sprmPItap            = 0x6649
	sprmPIlvl            = 0x260a
	sprmPIlfo            = 0x460b
	sprmPHugePapx        = 0x6646
	sprmPTableProps      = 0x646b
	sprmTDefTable        = 0xd608
	sprmTMerge           = 0x5624
	sprmTSplit           = 0x5625
	sprmTVertMerge       = 0xd62b
	sprmPChgTabs         = 0xc615
)

// maxWork bounds the bytes of modifiers that are looked at in one document: a list of 64 KB may be named by every piece.
const maxWork = 256 << 20

// sprms calls each for every modifier of a grpprl. One that is cut off ends the list.
func (f *file) sprms(b []byte, each func(sprm int, operand []byte)) {
	if f.work -= len(b); f.work < 0 {
		return
	}
	for len(b) >= 2 {
		sprm := u16(b, 0)
		b = b[2:]
		n, skip := operandSize(sprm, b)
		if n < 0 || skip+n > len(b) {
			return
		}
		each(sprm, b[skip:skip+n])
		b = b[skip+n:]
	}
}

// operandSize returns the size of an operand and of the count before it (§2.6.1 spra); -1 when it is cut off.
func operandSize(sprm int, b []byte) (n, skip int) {
	switch sprm >> 13 {
	case 0, 1:
		return 1, 0
	case 2, 4, 5:
		return 2, 0
	case 3:
		return 4, 0
	case 7:
		return 3, 0
	}
	switch {
	case len(b) < 2:
		return -1, 0
	case sprm == sprmTDefTable:
		return u16(b, 0) - 1, 2
	case sprm == sprmPChgTabs && b[0] == 255: // as many as its own counts say (§2.9.184)
		if len(b) < 3+4*int(b[1]) {
			return -1, 0
		}
		return 2 + 4*int(b[1]) + 3*int(b[2+4*int(b[1])]), 1
	}
	return int(b[0]), 1
}

// prm gives the modifiers that a piece brings (§2.9.214): one short one, or a list by its number.
func (f *file) prm(prm int) []byte {
	if prm&1 != 0 {
		if i := prm >> 1; i < len(f.extra) {
			return f.extra[i]
		}
		return nil
	}
	var sprm int
	switch prm >> 1 & 0x7f {
	case 0x18:
		sprm = sprmPFInTable
	case 0x19:
		sprm = sprmPFTtp
	case 0x41:
		sprm = sprmCFRMarkDel
	case 0x57:
		sprm = sprmCFStrike
	case 0x5c:
		sprm = sprmCFVanish
	default:
		return nil
	}
	return []byte{byte(sprm), byte(sprm >> 8), byte(prm >> 8)}
}
