// What stands for a variable part of a text.

export const NUMBER = "<num>";
export const ID = "<id>";
export const TIME = "<time>";
export const DURATION = "<duration>";
export const IP = "<ip>";
export const EMAIL = "<email>";
export const PATH = "<path>";
export const VALUE = "<value>";
