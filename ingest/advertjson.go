package ingest

import (
	"time"

	"corescope-hub/decoder"
)

// advertJSON is decoded_json of an ADVERT; see decodedjson.go.
type advertJSON struct {
	Type           string           `json:"type"`
	PubKey         string           `json:"pubKey"`
	Timestamp      uint32           `json:"timestamp,omitempty"`
	TimestampISO   string           `json:"timestampISO"`
	Signature      string           `json:"signature"`
	SignatureValid *bool            `json:"signatureValid,omitempty"` // nil when the operator does not ask
	Flags          *advertFlagsJSON `json:"flags,omitempty"`
	Lat            *float64         `json:"lat,omitempty"`
	Lon            *float64         `json:"lon,omitempty"`
	Name           string           `json:"name,omitempty"`
	Feat1          *int             `json:"feat1,omitempty"`
	Feat2          *int             `json:"feat2,omitempty"`
	BatteryMV      *int64           `json:"battery_mv,omitempty"`
	TemperatureC   *float64         `json:"temperature_c,omitempty"`
	Error          string           `json:"error,omitempty"`
}

// advertFlagsJSON is the first byte of the appdata.
type advertFlagsJSON struct {
	Raw         int  `json:"raw"`
	Type        int  `json:"type"`
	Chat        bool `json:"chat"`
	Repeater    bool `json:"repeater"`
	Room        bool `json:"room"`
	Sensor      bool `json:"sensor"`
	HasLocation bool `json:"hasLocation"`
	HasFeat1    bool `json:"hasFeat1"`
	HasFeat2    bool `json:"hasFeat2"`
	HasName     bool `json:"hasName"`
}

// advertForm is the form of an advert that was not refused. Appdata that ends
// before what its flags claim is not read past them, since the firmware would
// read none of it.
func (in *Ingester) advertForm(adv *decoder.Advert) advertJSON {
	form := advertJSON{
		Type:         "ADVERT",
		PubKey:       lower(adv.PublicKey[:]),
		Timestamp:    adv.Timestamp,
		TimestampISO: time.Unix(int64(adv.Timestamp), 0).UTC().Format("2006-01-02T15:04:05.000Z"),
		Signature:    lower(adv.Signature[:]),
	}
	if in.verify {
		signed := true // else it was refused
		form.SignatureValid = &signed
	}
	if len(adv.AppData) > 0 {
		form.Flags = advertFlags(adv.AppData[0])
	}
	if adv.Err != nil {
		form.Error = "appdata truncated"
		return form
	}
	form.readInfo(adv)
	return form
}

func (f *advertJSON) readInfo(adv *decoder.Advert) {
	info := adv.Info
	if info == nil {
		return
	}
	if info.HasLocation {
		lat, lon := info.Latitude(), info.Longitude()
		f.Lat, f.Lon = &lat, &lon
	}
	if info.HasFeat1 {
		n := int(info.Feat1)
		f.Feat1 = &n
	}
	if info.HasFeat2 {
		n := int(info.Feat2)
		f.Feat2 = &n
	}
	f.Name = nodeName(adv)
	f.BatteryMV, f.TemperatureC = sensorReading(adv)
}

func advertFlags(b byte) *advertFlagsJSON {
	flags := decoder.AdvertFlags(b)
	role := flags.Role()
	return &advertFlagsJSON{
		Raw:         int(b),
		Type:        int(role),
		Chat:        role == decoder.RoleChat,
		Repeater:    role == decoder.RoleRepeater,
		Room:        role == decoder.RoleRoom,
		Sensor:      role == decoder.RoleSensor,
		HasLocation: flags.HasLocation(),
		HasFeat1:    flags.HasFeat1(),
		HasFeat2:    flags.HasFeat2(),
		HasName:     flags.HasName(),
	}
}
