// One ping: ask all bidders at once, take the highest, answer.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const budget = time.Second

type ping struct {
	Campaign string          `json:"campaign"`
	Ref      string          `json:"ref"`
	Channel  string          `json:"channel"`
	Consent  json.RawMessage `json:"consent"`
	Lead     json.RawMessage `json:"lead"`
}

type call struct {
	Type       string          `json:"type"`
	CallID     string          `json:"call_id"`
	PingID     string          `json:"ping_id"`
	Campaign   string          `json:"campaign"`
	DeadlineMs int             `json:"deadline_ms"`
	Test       bool            `json:"test"`
	Channel    string          `json:"channel,omitempty"`
	Consent    json.RawMessage `json:"consent,omitempty"`
	Lead       json.RawMessage `json:"lead"`
}

type bid struct {
	Status  string `json:"status"`
	Price   string `json:"price"`
	BidID   string `json:"bid_id"`
	ValidMs int64  `json:"valid_ms"`
}

type answer struct {
	PingID      string `json:"ping_id"`
	Status      string `json:"status"`
	Price       string `json:"price,omitempty"`
	Currency    string `json:"currency,omitempty"`
	ExpiresInMs int64  `json:"expires_in_ms,omitempty"`
	Ref         string `json:"ref,omitempty"`
	BidID       string `json:"bid_id,omitempty"`
	Reason      string `json:"reason,omitempty"`
}

type auctioneer struct {
	urls   []string
	client *http.Client
	number uint64
}

type offered struct {
	price float64
	bid   bid
	ok    bool
}

func (a *auctioneer) ask(ctx context.Context, url string, body []byte) (result offered) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := a.client.Do(request)
	if err != nil {
		return
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil || response.StatusCode != http.StatusOK || json.Unmarshal(text, &result.bid) != nil {
		return
	}
	result.price, err = strconv.ParseFloat(result.bid.Price, 64)
	result.ok = err == nil && result.bid.Status == "bid"
	return
}

func (a *auctioneer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var asked ping
	if err := json.NewDecoder(io.LimitReader(r.Body, 64<<10)).Decode(&asked); err != nil || asked.Campaign == "" || asked.Lead == nil {
		http.Error(w, `{"code":"malformed"}`, http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), budget)
	defer cancel()
	id := fmt.Sprintf("%08x%010x", time.Now().Unix(), atomic.AddUint64(&a.number, 1))
	body, err := json.Marshal(call{Type: "ping", CallID: id, PingID: id, Campaign: asked.Campaign, DeadlineMs: 1000,
		Channel: asked.Channel, Consent: asked.Consent, Lead: asked.Lead})
	if err != nil {
		http.Error(w, `{"code":"malformed"}`, http.StatusBadRequest)
		return
	}
	results := make(chan offered, len(a.urls))
	for _, url := range a.urls {
		go func(url string) { results <- a.ask(ctx, url, body) }(url)
	}
	var best offered
	for range a.urls {
		if one := <-results; one.ok && (!best.ok || one.price > best.price) {
			best = one
		}
	}
	told := answer{PingID: id, Ref: asked.Ref, Status: "rejected", Reason: "no_bid"}
	if best.ok {
		told = answer{PingID: id, Ref: asked.Ref, Status: "accepted", Currency: "USD", BidID: best.bid.BidID,
			Price: fmt.Sprintf("%.2f", math.Floor(best.price*85)/100), ExpiresInMs: best.bid.ValidMs}
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(told); err != nil {
		log.Print(err)
	}
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address")
	bidders := flag.String("bidders", "", "addresses, by comma")
	flag.Parse()
	a := &auctioneer{client: &http.Client{Transport: &http.Transport{
		MaxIdleConns: 0, MaxIdleConnsPerHost: 512, IdleConnTimeout: time.Hour, DisableCompression: true}}}
	for i, address := range strings.Split(*bidders, ",") {
		a.urls = append(a.urls, fmt.Sprintf("http://%s/bid%d/ping", address, i))
	}
	mux := http.NewServeMux()
	mux.Handle("/v1/pings", a)
	log.Fatal(http.ListenAndServe(*listen, mux))
}
