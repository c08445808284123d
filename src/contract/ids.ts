/**
 * The branded names of things. A brand costs nothing at run time and keeps a group id from being passed as a content id.
 * This file owns the types and their checks of form; what an id means is said where it is computed (core/).
 */
declare const brand: unique symbol
type Brand<T, Name extends string> = T & { readonly [brand]: Name }

/** A libp2p peer id of an Ed25519 key, in its base58 text form (`12D3KooW…`). It embeds the public key of the device. */
export type PeerId = Brand<string, 'PeerId'>
/** 64 lower-case hex digits: SHA-256 of the canonical description of a content (core/content-id.ts). */
export type ContentId = Brand<string, 'ContentId'>
/** 64 lower-case hex digits: SHA-256 of the signed genesis entry of a group's log. */
export type GroupId = Brand<string, 'GroupId'>
/** 64 lower-case hex digits: name tag of a catalog entry, SHA-256 of the NFC name under a domain string. */
export type NameTag = Brand<string, 'NameTag'>
/** 64 lower-case hex digits: SHA-256 of the realm's raw Ed25519 public key. It is the pin in tracker_info.txt. */
export type RealmPin = Brand<string, 'RealmPin'>
/** An account name: 1–64 letters, digits, `.`, `_`, `-` of any script, NFC, case-sensitive. */
export type UserName = Brand<string, 'UserName'>
/** The label of a group: same form as a user name. */
export type GroupName = Brand<string, 'GroupName'>
/** Index of a piece, from 0. */
export type PieceIndex = number

const hex64 = /^[0-9a-f]{64}$/

export const isHash = (text: string): boolean => hex64.test(text)

const ed25519Peer = /^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/

/** Whether `text` looks like the peer id of an Ed25519 key. That there is such a key shows when a signature is checked with it. */
export const hasPeerForm = (text: string): boolean => ed25519Peer.test(text)

const nameForm = /^[\p{L}\p{M}\p{Nd}._-]+$/u

/** Whether `text` is, as it stands, a valid user or group name (already NFC, 1–64 code points). */
export const isName = (text: string): boolean =>
  text === text.normalize('NFC') && nameForm.test(text) && Array.from(text).length <= 64
