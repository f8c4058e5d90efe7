package report

import (
	"encoding/hex"

	"corescope-hub/decoder"
)

func advert(a *decoder.Advert) Object {
	var o Object
	o.add("pubkey", hex.EncodeToString(a.PublicKey[:]))
	o.add("timestamp", a.Timestamp)
	o.add("signature", hex.EncodeToString(a.Signature[:]))
	o.add("signature_valid", a.Verify())
	o.add("appdata_len", len(a.AppData))
	if len(a.AppData) == 0 {
		o.add("appdata_error", "missing")
		return o
	}
	flags := decoder.AdvertFlags(a.AppData[0])
	o.add("flags", uint8(flags))
	o.add("adv_type", uint8(flags.Role()))
	o.add("role", flags.Role().String())
	o.add("has_location", flags.HasLocation())
	o.add("has_feat1", flags.HasFeat1())
	o.add("has_feat2", flags.HasFeat2())
	o.add("has_name", flags.HasName())
	if a.Err != nil {
		o.add("appdata_error", "truncated")
		return o
	}
	return append(o, advertInfo(a.Info)...)
}

func advertInfo(i *decoder.AdvertInfo) Object {
	var o Object
	if i.HasLocation {
		o.add("lat_e6", i.LatitudeE6)
		o.add("lon_e6", i.LongitudeE6)
		o.add("lat", i.Latitude())
		o.add("lon", i.Longitude())
	}
	if i.HasFeat1 {
		o.add("feat1", i.Feat1)
	}
	if i.HasFeat2 {
		o.add("feat2", i.Feat2)
	}
	if i.HasName {
		o.addText("name", i.Name())
	}
	return o
}
