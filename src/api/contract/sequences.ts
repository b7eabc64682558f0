/** One line of a sequence diagram: an arrow between two parties, or (without `to`) something that one of them does by itself. */
export interface Step {
  readonly from: string;
  readonly to?: string;
  readonly text: string;
}

export interface Sequence {
  readonly id: string;
  readonly title: string;
  readonly parties: readonly string[];
  readonly steps: readonly Step[];
}

/** What passes in a cut, a restore, a question, and when the meter is out of reach. The words are those of schema/mqtt/README.md. */
export const SEQUENCES: readonly Sequence[] = [
  {
    id: 'cut',
    title: 'A cut: two signatures, and proof',
    parties: ['Guard', 'Head-end', 'Meter'],
    steps: [
      { from: 'Head-end', to: 'Guard', text: 'the exact bytes of the order' },
      { from: 'Guard', text: 'decides from its own facts' },
      { from: 'Guard', to: 'Head-end', text: 'second signature' },
      { from: 'Head-end', to: 'Meter', text: 'switch: cut, sequence 7, two signatures' },
      { from: 'Meter', text: 'both signatures, then the nine steps' },
      { from: 'Meter', text: 'sequence into memory, then relay opens' },
      { from: 'Meter', to: 'Head-end', text: 'ack: accepted, lastSequence 7' },
      { from: 'Meter', to: 'Head-end', text: 'state: open, lastSequence 7, power 0' },
      { from: 'Head-end', text: 'VERIFIED' },
    ],
  },
  {
    id: 'restore',
    title: 'A restore: newer than every cut',
    parties: ['Head-end', 'Meter', 'Customer'],
    steps: [
      { from: 'Customer', to: 'Head-end', text: 'pays' },
      { from: 'Head-end', to: 'Meter', text: 'switch: restore, sequence 8' },
      { from: 'Meter', text: 'nine steps, memory, relay closes' },
      { from: 'Meter', to: 'Head-end', text: 'ack: accepted, closed, lastSequence 8' },
      { from: 'Head-end', text: 'VERIFIED: voltage and load agree' },
      { from: 'Head-end', to: 'Meter', text: 'the cut of sequence 7, delivered late' },
      { from: 'Meter', to: 'Head-end', text: 'ack: refused, SEQUENCE' },
    ],
  },
  {
    id: 'read',
    title: 'No answer: ask before sending again',
    parties: ['Head-end', 'Meter'],
    steps: [
      { from: 'Head-end', to: 'Meter', text: 'switch: restore, sequence 8' },
      { from: 'Meter', text: 'obeys; its ack is lost' },
      { from: 'Head-end', text: 'UNKNOWN: silence is no answer' },
      { from: 'Head-end', to: 'Meter', text: 'read: state' },
      { from: 'Meter', to: 'Head-end', text: 'state: closed, lastSequence 8' },
      { from: 'Head-end', text: 'VERIFIED' },
      { from: 'Head-end', text: 'after lastSequence 7: the same order again' },
    ],
  },
  {
    id: 'code',
    title: 'Out of reach: a code that the customer types',
    parties: ['Head-end', 'Customer', 'Meter'],
    steps: [
      { from: 'Head-end', to: 'Customer', text: '16 digits for the next sequence' },
      { from: 'Customer', to: 'Meter', text: 'types them' },
      { from: 'Meter', text: 'tries the 20 sequences after its last' },
      { from: 'Meter', text: 'that sequence into memory, relay closes' },
      { from: 'Meter', to: 'Head-end', text: 'when there is a connection: CODE_ACCEPTED, state' },
    ],
  },
];
